import Bytes
import Transparency
import Wire

/// What the signer itself did and wants to see in the log before it releases anything: an unlock,
/// and the statement that came with it, which takes effect when its leaf stands in the tree.
struct SignerEvents: Sendable {
    private var leaves: InlineArray<2, EventLeaf>
    private var hashes: InlineArray<2, Bytes32>
    private let count: Int
    private var shown = InlineArray<2, Bool>(repeating: false)
    private let effect: OperatorEffect

    /// The statement's event, if there is one, then the unlock's.
    init(
        _ record: StateRecord,
        _ effect: OperatorEffect,
        head: LogHead,
        kernel: KernelState,
        leafKey: Span<UInt8>
    ) {
        var after = record
        if case .refill(let newTotal) = effect { after.allowanceTotal = newTotal }
        // A recovery's leaf names what was lost, and stands first in the log that begins with it.
        let lost = StatementPlace(record)
        let now = StatementPlace(record, head)
        let unlock = Self.leaf(.unlock, now, record, kernel, leafKey)
        let first: EventLeaf
        switch effect {
        case .none: first = unlock
        case .refill: first = Self.leaf(.refill, lost, after, kernel, leafKey)
        case .recover: first = Self.leaf(.recover, lost, record, kernel, leafKey)
        }
        self.effect = effect
        count = effect == .none ? 1 : 2
        leaves = InlineArray(repeating: unlock)
        leaves[0] = first
        hashes = InlineArray(repeating: .zero)
        for place in 0..<2 {
            hashes[place] = Self.hash(leaves[place])
        }
    }

    /// Whether any of them was not seen in the tree yet.
    var isPending: Bool { pendingCount > 0 }

    /// Whether a recovery is still to take effect: until then the log it begins is not the
    /// record's.
    var isRecoveryPending: Bool { effect == .recover && !shown[0] }

    private var pendingCount: Int {
        var sum = 0
        for place in 0..<count where !shown[place] {
            sum += 1
        }
        return sum
    }

    /// The hash that must come first in a log that begins with a recovery.
    var firstHash: Bytes32 { hashes[0] }

    /// Notes which events are among leaves that were appended, and lets them take effect on the
    /// record.
    mutating func note(_ leafHashes: Span<UInt8>, head: LogHead, _ record: inout StateRecord) {
        for place in 0..<leafHashes.count / 32 {
            let hash = LogHead.hash(place, leafHashes)
            for event in 0..<count where !shown[event] && hashes[event] == hash {
                shown[event] = true
                guard event == 0 else { continue }
                switch effect {
                case .none: break
                case .refill(let newTotal): record.allowanceTotal = newTotal
                case .recover: record.logNumber = head.number
                }
            }
        }
    }

    /// Writes `u16 count | vec16 leaf*`: those that were not seen in the tree yet.
    func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt16(UInt16(pendingCount))
        for place in 0..<count where !shown[place] {
            try writer.writeVec16(Self.bytes(leaves[place]).span)
        }
    }

    private static func leaf(
        _ event: SignerEvent,
        _ place: StatementPlace,
        _ record: StateRecord,
        _ kernel: KernelState,
        _ leafKey: Span<UInt8>
    ) -> EventLeaf {
        let salt = LeafDraft.salt(
            .event,
            digest: place.root,
            bundleHash: record.bundleHash,
            verdict: event.rawValue,
            code: 0,
            leafKey: leafKey
        )
        let untagged = EventLeaf(salt, event, place, record, kernel, tag: .zero)
        let bytes = Self.bytes(untagged)
        let tag = LeafDraft.tag(
            of: bytes.span.extracting(0..<EventLeaf.byteCount - 32),
            leafKey: leafKey
        )
        return EventLeaf(salt, event, place, record, kernel, tag: tag)
    }

    private static func bytes(_ leaf: EventLeaf) -> FixedBytes<187> {
        var bytes = FixedBytes<187>.zero
        var room = bytes.mutableSpan
        var writer = ByteWriter(&room)
        do throws(ByteError) {
            try leaf.writeUntagged(to: &writer)
            try writer.write(leaf.tag)
        } catch {
            preconditionFailure("an event leaf has 187 bytes")
        }
        precondition(writer.remaining == 0, "an event leaf has 187 bytes")
        return bytes
    }

    private static func hash(_ leaf: EventLeaf) -> Bytes32 {
        Merkle.leafHash(bytes(leaf).span)
    }
}

extension StatementPlace {
    /// Where a record stands.
    init(_ record: StateRecord) {
        self.init(
            homeID: record.homeID,
            logNumber: record.logNumber,
            logSize: record.logSize,
            root: record.root,
            epoch: record.epoch
        )
    }

    /// Where the log stands that the signer now vouches for: another one than the record's after a
    /// recovery.
    fileprivate init(_ record: StateRecord, _ head: LogHead) {
        self.init(
            homeID: record.homeID,
            logNumber: head.number,
            logSize: head.number == record.logNumber ? record.logSize : 0,
            root: head.root,
            epoch: record.epoch
        )
    }
}

extension EventLeaf {
    fileprivate init(
        _ salt: Bytes16,
        _ event: SignerEvent,
        _ place: StatementPlace,
        _ record: StateRecord,
        _ kernel: KernelState,
        tag: Bytes32
    ) {
        self.init(
            salt: salt,
            event: event,
            homeID: place.homeID,
            logNumber: place.logNumber,
            logSize: place.logSize,
            root: place.root,
            epoch: place.epoch,
            bundleHash: record.bundleHash,
            allowanceTotal: record.allowanceTotal,
            allowanceSpent: record.allowanceSpent,
            kernel: kernel.bits,
            tag: tag
        )
    }
}
