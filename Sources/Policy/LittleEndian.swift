/// Fixed-width little-endian fields at known places, for records that were checked before.
///
/// Each load is bounds-checked once; the compiler joins the bytes into one machine load.
extension Span where Element == UInt8 {
    /// So many bytes, bounds-checked as one: that their number is said once more lets the compiler
    /// drop the checks of every field in them.
    @_lifetime(copy self)
    @inline(__always)
    func record(at offset: Int, byteCount: Int) -> Span<UInt8> {
        let record = extracting(offset..<(offset &+ byteCount))
        precondition(record.count == byteCount, "a record of another length")
        return record
    }

    @inline(__always)
    func littleEndian16(at offset: Int) -> UInt16 {
        record(at: offset, byteCount: 2).field16(at: 0)
    }

    @inline(__always)
    func littleEndian32(at offset: Int) -> UInt32 {
        record(at: offset, byteCount: 4).field32(at: 0)
    }

    @inline(__always)
    func littleEndian64(at offset: Int) -> UInt64 {
        record(at: offset, byteCount: 8).field64(at: 0)
    }

    /// A field of a record, byte by byte.
    @inline(__always)
    func field16(at offset: Int) -> UInt16 {
        UInt16(self[offset]) | UInt16(self[offset &+ 1]) << 8
    }

    @inline(__always)
    func field32(at offset: Int) -> UInt32 {
        UInt32(field16(at: offset)) | UInt32(field16(at: offset &+ 2)) << 16
    }

    @inline(__always)
    func field64(at offset: Int) -> UInt64 {
        UInt64(field32(at: offset)) | UInt64(field32(at: offset &+ 4)) << 32
    }
}
