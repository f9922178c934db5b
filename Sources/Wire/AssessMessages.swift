package import Bytes

/// The fixed fields before the SigningRequest in an `assess`.
package struct AssessHead: Equatable, Sendable {
    package static let byteCount = 1 + 2 + 8 + 4 + 2
    package static let slotCount = 1_024

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

/// The answer to `assess`, before its leaf.
package struct AssessReply: ~Escapable {
    package let slot: UInt16
    package let verdict: LeafVerdict
    package let refusal: RefusalDetail
    package let digest: Bytes32
    /// How many bytes of the request are the resolved request.
    package let resolvedByteCount: UInt32
    package let leaf: Span<UInt8>

    @_lifetime(copy leaf)
    package init(
        slot: UInt16,
        verdict: LeafVerdict,
        refusal: RefusalDetail,
        digest: Bytes32,
        resolvedByteCount: UInt32,
        leaf: Span<UInt8>
    ) {
        self.slot = slot
        self.verdict = verdict
        self.refusal = refusal
        self.digest = digest
        self.resolvedByteCount = resolvedByteCount
        self.leaf = leaf
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt16(slot)
        try writer.writeUInt8(verdict.rawValue)
        try refusal.write(to: &writer)
        try writer.write(digest)
        try writer.writeUInt32(resolvedByteCount)
        try writer.writeVec16(leaf)
    }
}
