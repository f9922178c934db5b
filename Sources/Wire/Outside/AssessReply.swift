package import Bytes

/// The answer to `assess`, as the gate reads it. The signer writes it straight from its decision.
package struct AssessReply: ~Escapable {
    package let slot: UInt16
    package let verdict: LeafVerdict
    package let refusal: RefusalDetail
    package let digest: Bytes32
    /// How many bytes of the request are the resolved request.
    package let resolvedByteCount: UInt32
    package let leaf: Span<UInt8>
    /// The points of the nonces, 33 bytes each, of an allowed request that commits to a host nonce;
    /// else empty.
    package let openings: Span<UInt8>

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
        openings = leaf.extracting(0..<0)
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt16(slot)
        try writer.writeUInt8(verdict.rawValue)
        try refusal.write(to: &writer)
        try writer.write(digest)
        try writer.writeUInt32(resolvedByteCount)
        try writer.writeVec16(leaf)
        guard !openings.isEmpty else { return }
        try writer.writeUInt16(UInt16(openings.count / 33))
        try writer.write(openings)
    }
}

extension AssessReply {
    /// Reads a whole payload.
    @_lifetime(copy bytes)
    package init(reading bytes: Span<UInt8>) throws(ByteError) {
        var reader = ByteReader(bytes)
        slot = try reader.readUInt16()
        guard let verdict = LeafVerdict(rawValue: try reader.readUInt8()) else {
            throw .nonCanonical
        }
        self.verdict = verdict
        refusal = try RefusalDetail(reading: &reader)
        digest = try reader.readBytes32()
        resolvedByteCount = try reader.readUInt32()
        leaf = try reader.readVec16(limit: LeafKind.leafByteCountMax)
        if verdict == .allow, reader.remaining > 0 {
            let count = Int(try reader.readUInt16())
            guard count > 0 else { throw .nonCanonical }
            openings = try reader.readSpan(33 * count)
        } else {
            openings = bytes.extracting(0..<0)
        }
        try reader.finish()
    }
}
