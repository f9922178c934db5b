package import Bytes
package import LocalSocket
import SecretMemory
package import Wire

/// The file of the state record: read once, locked as long as the process lives, written before
/// anything is signed.
package struct StateFile: ~Copyable {
    private var descriptor: Descriptor
    /// Both slots as they were read; once a record is opened the first half is the next slot to
    /// write.
    private var memory: Arena

    /// Takes the lock and reads both slots.
    package init(_ descriptor: consuming Descriptor) throws(SignerStop) {
        var memory = try Arena(needing: StateSlot.fileByteCount)
        do throws(SocketError) {
            try descriptor.lockExclusively()
        } catch {
            throw error == .wouldBlock ? .homeInUse : .socket(error)
        }
        do throws(SocketError) {
            var room = memory.mutableBytes
            try descriptor.readExactly(into: &room, at: 0)
        } catch {
            throw .home(.stateMissing)
        }
        self.descriptor = descriptor
        self.memory = memory
    }

    /// Leaves the closing, and so the lock, to the end of the process.
    package mutating func pin() {
        descriptor.pin()
    }

    /// The latest record that `recordKey` authenticates for this home; anything else is as good as
    /// no record, and then there is no fresh start.
    package mutating func open(
        _ secrets: borrowing HomeSecrets,
        homeID: Bytes32,
        network: UInt8
    ) throws(RefusalDetail) -> StateRecord {
        var best: StateRecord?
        var refusal = Refusal.stateMissing
        for place in 0..<2 {
            let slot = memory.bytes.extracting(
                place * StateSlot.byteCount..<(place + 1) * StateSlot.byteCount
            )
            guard let record = StateSlot.open(slot, recordKey: secrets.recordKey) else { continue }
            guard record.homeID == homeID, record.network == network,
                record.sequence % 2 == UInt64(place)
            else {
                refusal = .homeMismatch
                continue
            }
            if let other = best, other.sequence > record.sequence { continue }
            best = record
        }
        guard let record = best else { throw RefusalDetail(refusal) }
        try require(StateRecord.build, atLeast: record.leastBuild, else: .buildTooOld)
        if record.sequence % 2 == 1 {
            var bytes = memory.mutableBytes
            for index in 0..<StateSlot.byteCount {
                bytes[index] = bytes[StateSlot.byteCount + index]
            }
        }
        return record
    }

    /// Writes the record that was opened once more into its own slot and flushes it.
    ///
    /// A signer that was killed inside its flush leaves a slot that the kernel shows and the disk
    /// may not have. The next record goes into the other slot: without this a power cut could tear
    /// both at once.
    package mutating func settle(_ record: StateRecord) throws(SignerStop) {
        try write(record)
    }

    /// Whether the ring holds `digest`: it was charged to the allowance already.
    package func holds(_ digest: Bytes32, _ record: StateRecord) -> Bool {
        StateSlot.ring(of: slot, record, holds: digest)
    }

    /// Puts `digest` into the ring of the record that is stored next.
    package mutating func remember(_ digest: Bytes32, _ record: inout StateRecord) {
        var room = memory.mutableBytes._consumingExtracting(0..<StateSlot.byteCount)
        StateSlot.remember(digest, in: &room, &record)
    }

    /// Makes the record durable under the next sequence, in the slot that does not hold the last
    /// one.
    package mutating func store(
        _ record: inout StateRecord,
        _ secrets: borrowing HomeSecrets
    ) throws(SignerStop) {
        record.sequence += 1
        seal(record, secrets)
        try write(record)
    }

    /// Writes the slot in memory, which holds `record`, to its place, and flushes it.
    private mutating func write(_ record: StateRecord) throws(SignerStop) {
        do throws(SocketError) {
            let offset = Int(record.sequence % 2) * StateSlot.byteCount
            try descriptor.writeWhole(slot, at: offset)
            try descriptor.syncData()
        } catch {
            throw .stateNotStored(error)
        }
    }

    private mutating func seal(_ record: StateRecord, _ secrets: borrowing HomeSecrets) {
        var room = memory.mutableBytes._consumingExtracting(0..<StateSlot.byteCount)
        StateSlot.seal(record, into: &room, recordKey: secrets.recordKey)
    }

    private var slot: Span<UInt8> {
        @_lifetime(borrow self) get { memory.bytes.extracting(0..<StateSlot.byteCount) }
    }
}
