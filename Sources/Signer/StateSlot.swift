private import BitcoinCrypto
package import Bytes

/// The bytes of one slot of the state file: record, ring, MAC (protocol.md, section 7).
package enum StateSlot {
    /// A slot is one sector of the disk, so that a torn write ruins this slot only.
    package static let byteCount = 4_096
    /// Two slots; a write goes to the one that the sequence's parity names.
    package static let fileByteCount = 2 * byteCount
    /// How many released digests are remembered, so that a retry is not charged again.
    package static let ringCapacity = 112

    static let ringStart = 256
    static let macStart = byteCount - 32
    private static let macDomain: StaticString = "portcullis/state/1"

    /// The record of a slot whose MAC is right; `nil` for any other bytes.
    package static func open(_ slot: Span<UInt8>, recordKey: Span<UInt8>) -> StateRecord? {
        precondition(slot.count == byteCount, "one slot")
        let mac = authenticate(slot, recordKey: recordKey)
        guard constantTimeEqual(mac.span, slot.extracting(macStart..<byteCount)) else {
            return nil
        }
        return StateRecord(reading: slot)
    }

    /// Puts the record and the MAC into a slot whose ring is already in place.
    @_lifetime(slot: copy slot)
    package static func seal(
        _ record: StateRecord,
        into slot: inout MutableSpan<UInt8>,
        recordKey: Span<UInt8>
    ) {
        precondition(slot.count == byteCount, "one slot")
        do throws(ByteError) {
            var head = slot._mutatingExtracting(0..<ringStart)
            var writer = ByteWriter(&head)
            try record.write(to: &writer)
            try writer.write(repeating: 0, count: writer.remaining)
            let mac = authenticate(slot.span, recordKey: recordKey)
            var tail = slot._mutatingExtracting(macStart..<byteCount)
            var macWriter = ByteWriter(&tail)
            try macWriter.write(mac)
        } catch {
            preconditionFailure("a record fits its slot")
        }
    }

    /// Whether the ring holds `digest`.
    package static func ring(
        of slot: Span<UInt8>,
        _ record: StateRecord,
        holds digest: Bytes32
    ) -> Bool {
        for place in 0..<Int(record.ringCount) {
            let start = ringStart + 32 * place
            if slot.extracting(start..<start + 32).equals(digest.span) { return true }
        }
        return false
    }

    /// Puts `digest` into the ring, over the oldest when it is full.
    @_lifetime(slot: copy slot)
    package static func remember(
        _ digest: Bytes32,
        in slot: inout MutableSpan<UInt8>,
        _ record: inout StateRecord
    ) {
        let start = ringStart + 32 * Int(record.ringNext)
        for index in 0..<32 {
            slot[start + index] = digest[index]
        }
        record.ringNext = (record.ringNext + 1) % UInt32(ringCapacity)
        record.ringCount = min(record.ringCount + 1, UInt32(ringCapacity))
    }

    private static func authenticate(_ slot: Span<UInt8>, recordKey: Span<UInt8>) -> Bytes32 {
        HMACSHA256.authenticate(
            key: recordKey,
            domain: macDomain,
            message: slot.extracting(0..<macStart)
        )
    }
}
