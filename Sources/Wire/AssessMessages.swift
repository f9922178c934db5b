package import Bytes

/// The fixed fields before the SigningRequest in an `assess`.
package struct AssessHead: Equatable, Sendable {
    package static let byteCount = 1 + 2 + 8 + 4 + 2
    package static let slotCount = 1_024
    /// Of the reply, up to the bytes of the leaf.
    package static let replyFrontByteCount = 2 + 1 + RefusalDetail.byteCount + 32 + 4 + 2

    /// The signer's place to remember the verdict in, chosen by the gate: 0 to 1,023.
    package let slot: UInt16
    /// Nanoseconds since 1970, by the gate.
    package let time: UInt64
    /// The uid that asks.
    package let requester: UInt32

    /// Reads the head; a version, slot or approval that there is not is a breach by the gate.
    package init(reading reader: inout ByteReader) throws(ByteError) {
        guard try reader.readUInt8() == 1 else { throw .nonCanonical }
        slot = try reader.readUInt16()
        time = try reader.readUInt64()
        requester = try reader.readUInt32()
        guard try reader.readUInt16() == 0, slot < UInt16(Self.slotCount) else {
            throw .nonCanonical
        }
    }
}
