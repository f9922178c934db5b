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
        var first = try LeafDraft()
        var second = try LeafDraft()
        let place = StatementPlace(record, head)
        let unlock = Event(event: .unlock, record: record, place: place, kernel: kernel)
        switch effect {
        case .none: unlock.build(Span(), count: 0, leafKey, &first)
        case .refill, .recover:
            let statement = Event(effect, record, kernel)
            statement.build(held.signatures, count: held.signatureCount, leafKey, &first)
            unlock.build(Span(), count: 0, leafKey, &second)
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
}

/// What one of the leaves says.
private struct Event {
    let event: SignerEvent
    let record: StateRecord
    let place: StatementPlace
    let kernel: KernelState
}

extension Event {
    /// Of an event that admins signed for: it names the place that they signed, for a recovery the
    /// log that was lost.
    init(_ effect: OperatorEffect, _ record: StateRecord, _ kernel: KernelState) {
        var after = record
        var event = SignerEvent.recover
        if case .refill(let newTotal) = effect {
            after.allowanceTotal = newTotal
            event = .refill
        }
        self.init(event: event, record: after, place: StatementPlace(record), kernel: kernel)
    }

    /// `u16 count | vec16 SSHSIG*` stands between the head and the tag.
    func build(
        _ signatures: Span<UInt8>,
        count: Int,
        _ leafKey: Span<UInt8>,
        _ leaf: inout LeafDraft
    ) {
        let salt = LeafDraft.salt(
            .event,
            digest: place.root,
            bundleHash: record.bundleHash,
            verdict: event.rawValue,
            code: 0,
            leafKey: leafKey
        )
        leaf.append { writer throws(ByteError) in
            try LeafHeader(kind: .event, salt: salt).write(to: &writer)
            try writer.writeUInt8(event.rawValue)
            try writer.write(place.homeID)
            try writer.writeUInt32(place.logNumber)
            try writer.writeUInt64(place.logSize)
            try writer.write(place.root)
            try writer.writeUInt64(place.epoch)
            try writer.write(record.bundleHash)
            try writer.writeUInt64(record.allowanceTotal)
            try writer.writeUInt64(record.allowanceSpent)
            try writer.writeUInt32(kernel.bits)
            try writer.writeUInt16(UInt16(count))
            try writer.write(signatures)
        }
        leaf.tag(leafKey: leafKey)
        precondition(!leaf.isTooLarge, "signatures come in a frame of 16 KiB")
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
