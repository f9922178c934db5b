package import Bytes

/// What a decision leaf says, under a bundle of conditions, beside what every leaf says: all that
/// a rule can ask of a request can be had from its leaf.
package struct AskedFacts: Equatable, Sendable {
    static let byteCount = 14

    /// Who asked, and when (nanoseconds since 1970): what stood in the head of `assess`.
    package let requester: UInt32
    package let time: UInt64
    /// `LockTimes` and `Either`: what of it may be. Both 0 of a message.
    package let lockTimes: UInt8
    package let replaceable: UInt8

    package init(requester: UInt32, time: UInt64, lockTimes: UInt8 = 0, replaceable: UInt8 = 0) {
        self.requester = requester
        self.time = time
        self.lockTimes = lockTimes
        self.replaceable = replaceable
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt32(requester)
        try writer.writeUInt64(time)
        try writer.writeUInt8(lockTimes)
        try writer.writeUInt8(replaceable)
    }
}
