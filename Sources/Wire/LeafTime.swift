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
    /// 1 where the kernel calls the clock synchronised, else 0.
    package let sync: UInt8
    package let maxErrorMicroseconds: UInt32

    package init(reading reader: inout ByteReader) throws(ByteError) {
        logTime = try reader.readUInt64()
        realtime = try reader.readUInt64()
        boottime = try reader.readUInt64()
        bootID = Bytes16(copying: try reader.readSpan(16))
        sync = try reader.readUInt8()
        maxErrorMicroseconds = try reader.readUInt32()
    }
}
