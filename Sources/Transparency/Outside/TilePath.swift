package import Bytes

/// The names of a log's files (C2SP tlog-tiles), relative to its folder.
package enum TilePath {
    /// The hashes of a full tile and the entries of a full bundle.
    package static let widthFull = 256
    /// The most bytes of a path.
    package static let byteCountMax = 64

    /// Writes `tile/<level>/<index>`, with `.p/<width>` if it is partial (fewer than 256 hashes).
    package static func write(
        level: UInt8,
        index: UInt64,
        width: Int = widthFull,
        to writer: inout ByteWriter
    ) throws(ByteError) {
        precondition(level < 64, "no such level")
        try writer.write("tile/")
        try Decimal.write(UInt64(level), to: &writer)
        try writeIndex(index, width: width, to: &writer)
    }

    /// Writes `tile/entries/<index>`, with `.p/<width>` if it is partial.
    package static func writeEntries(
        index: UInt64,
        width: Int = widthFull,
        to writer: inout ByteWriter
    ) throws(ByteError) {
        try writer.write("tile/entries")
        try writeIndex(index, width: width, to: &writer)
    }

    /// The hashes of the last, partial tile of a level in a tree of `size` leaves; 0 if there is
    /// none, for empty tiles are never written.
    package static func partialWidth(level: UInt8, size: UInt64) -> Int {
        level < 8 ? Int(size >> (8 * UInt64(level)) & 0xFF) : 0
    }

    /// Groups of three digits; all but the last begin with an x.
    private static func writeIndex(
        _ index: UInt64,
        width: Int,
        to writer: inout ByteWriter
    ) throws(ByteError) {
        precondition((1...widthFull).contains(width), "no such width")
        var divisor: UInt64 = 1
        while index / divisor >= 1_000 { divisor *= 1_000 }
        while divisor > 0 {
            let group = index / divisor % 1_000
            try writer.write("/")
            if divisor > 1 { try writer.write("x") }
            try writer.writeUInt8(0x30 + UInt8(group / 100))
            try writer.writeUInt8(0x30 + UInt8(group / 10 % 10))
            try writer.writeUInt8(0x30 + UInt8(group % 10))
            divisor /= 1_000
        }
        guard width < widthFull else { return }
        try writer.write(".p/")
        try Decimal.write(UInt64(width), to: &writer)
    }
}
