import Bytes
import SecretMemory
import Transparency
import Wire

/// The leaves of what the signer itself did when it was unlocked, in memory of their own: the
/// statement's event with the admins' signatures, if there was one, then the unlock's.
struct EventLeaves: ~Copyable {
    /// How many there are.
    let count: Int
    private var first: LeafDraft
    private var second: LeafDraft

    init(
        _ record: StateRecord,
        _ effect: OperatorEffect,
        _ held: borrowing HeldStatement,
        head: LogHead,
        kernel: KernelState,
        leafKey: Span<UInt8>
    ) throws(SignerStop) {
        var first = try SignerStop.needing { () throws(SecretMemoryError) in try LeafDraft() }
        var second = try SignerStop.needing { () throws(SecretMemoryError) in try LeafDraft() }
        let unlock = EventHead(.unlock, record, StatementPlace(record, head), kernel, leafKey)
        switch effect {
        case .none: Self.build(unlock, Span(), count: 0, leafKey, &first)
        case .refill, .recover:
            let statement = EventHead(effect, record, kernel, leafKey)
            Self.build(statement, held.signatures, count: held.signatureCount, leafKey, &first)
            Self.build(unlock, Span(), count: 0, leafKey, &second)
        }
        count = effect == .none ? 1 : 2
        self.first = first
        self.second = second
    }

    /// One of them.
    @_lifetime(borrow self)
    func leaf(at place: Int) -> Span<UInt8> {
        place == 0 ? first.bytes : second.bytes
    }

    /// `u16 count | vec16 SSHSIG*` stands between the head and the tag.
    private static func build(
        _ head: EventHead,
        _ signatures: Span<UInt8>,
        count: Int,
        _ leafKey: Span<UInt8>,
        _ leaf: inout LeafDraft
    ) {
        leaf.append { writer throws(ByteError) in
            try head.write(to: &writer)
            try writer.writeUInt16(UInt16(count))
            try writer.write(signatures)
        }
        leaf.tag(leafKey: leafKey)
        precondition(!leaf.isTooLarge, "signatures come in a frame of 16 KiB")
    }
}

extension EventHead {
    /// Of an event that admins signed for: it names the place that they signed, for a recovery the
    /// log that was lost.
    fileprivate init(
        _ effect: OperatorEffect,
        _ record: StateRecord,
        _ kernel: KernelState,
        _ leafKey: Span<UInt8>
    ) {
        var after = record
        var event = SignerEvent.recover
        if case .refill(let newTotal) = effect {
            after.allowanceTotal = newTotal
            event = .refill
        }
        self.init(event, after, StatementPlace(record), kernel, leafKey)
    }

    fileprivate init(
        _ event: SignerEvent,
        _ record: StateRecord,
        _ place: StatementPlace,
        _ kernel: KernelState,
        _ leafKey: Span<UInt8>
    ) {
        self.init(
            salt: LeafDraft.salt(
                .event,
                digest: place.root,
                bundleHash: record.bundleHash,
                verdict: event.rawValue,
                code: 0,
                leafKey: leafKey
            ),
            event: event,
            place: place,
            bundleHash: record.bundleHash,
            allowanceTotal: record.allowanceTotal,
            allowanceSpent: record.allowanceSpent,
            kernel: kernel.bits
        )
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
