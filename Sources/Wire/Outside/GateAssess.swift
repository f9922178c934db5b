package import Bytes

extension AssessHead {
    package init(slot: UInt16, time: UInt64, requester: UInt32) {
        precondition(slot < UInt16(Self.slotCount), "a slot of the signer")
        self.slot = slot
        self.time = time
        self.requester = requester
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt8(1)
        try writer.writeUInt16(slot)
        try writer.writeUInt64(time)
        try writer.writeUInt32(requester)
        try writer.writeUInt16(0)
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
        try reader.finish()
    }
}
