package import Bytes

/// Sixteen bytes: a salt, a boot id.
package typealias Bytes16 = FixedBytes<16>

/// The gate's word on time, as it stands in its leaves: 45 bytes. Nanoseconds, but for the error.
package struct LeafTime: Equatable, Sendable {
    package static let byteCount = 45

    /// Nanoseconds since 1970; in one log it never goes back.
    package let logTime: UInt64
    /// CLOCK_REALTIME as it was, nanoseconds since 1970.
    package let realtime: UInt64
    /// CLOCK_BOOTTIME, nanoseconds.
    package let boottime: UInt64
    package let bootID: Bytes16
    /// 0: unknown or not synchronised; 1: the kernel calls the clock synchronised. 2 is reserved
    /// for a clock that a witness vouches for, and nothing writes or reads it yet.
    package let sync: UInt8
    /// As the kernel has it; all ones where it does not say.
    package let maxErrorMicroseconds: UInt32

    package init(reading reader: inout ByteReader) throws(ByteError) {
        logTime = try reader.readUInt64()
        realtime = try reader.readUInt64()
        boottime = try reader.readUInt64()
        bootID = Bytes16(copying: try reader.readSpan(16))
        sync = try reader.readUInt8()
        guard sync <= 1 else { throw .nonCanonical }
        maxErrorMicroseconds = try reader.readUInt32()
    }
}
