/// Fixed-width little-endian fields at known places, for records that were checked before.
///
/// Each load is bounds-checked once; the compiler joins the bytes into one machine load.
extension Span where Element == UInt8 {
    @inline(__always)
    func littleEndian16(at offset: Int) -> UInt16 {
        let field = extracting(offset..<(offset + 2))
        return UInt16(field[0]) | UInt16(field[1]) << 8
    }

    @inline(__always)
    func littleEndian32(at offset: Int) -> UInt32 {
        let field = extracting(offset..<(offset + 4))
        let low = UInt32(field[0]) | UInt32(field[1]) << 8
        let high = UInt32(field[2]) | UInt32(field[3]) << 8
        return low | high << 16
    }

    @inline(__always)
    func littleEndian64(at offset: Int) -> UInt64 {
        let low = UInt64(littleEndian32(at: offset))
        let high = UInt64(littleEndian32(at: offset + 4))
        return low | high << 32
    }
}
