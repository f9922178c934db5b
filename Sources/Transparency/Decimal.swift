package import Bytes

/// Unsigned decimal numbers as the log's text formats have them: ASCII digits, no leading zero.
package enum Decimal {
    /// Writes the digits of `value`, one to twenty.
    package static func write(_ value: UInt64, to writer: inout ByteWriter) throws(ByteError) {
        var divisor: UInt64 = 1
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            try writer.writeUInt8(0x30 + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}
