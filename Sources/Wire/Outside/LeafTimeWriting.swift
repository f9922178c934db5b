package import Bytes

extension LeafTime {
    package init(
        logTime: UInt64,
        realtime: UInt64,
        boottime: UInt64,
        bootID: Bytes16,
        sync: UInt8,
        maxErrorMicroseconds: UInt32
    ) {
        self.logTime = logTime
        self.realtime = realtime
        self.boottime = boottime
        self.bootID = bootID
        self.sync = sync
        self.maxErrorMicroseconds = maxErrorMicroseconds
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt64(logTime)
        try writer.writeUInt64(realtime)
        try writer.writeUInt64(boottime)
        try writer.write(bootID)
        try writer.writeUInt8(sync)
        try writer.writeUInt32(maxErrorMicroseconds)
    }
}
