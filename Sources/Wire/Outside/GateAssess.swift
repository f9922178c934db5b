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
