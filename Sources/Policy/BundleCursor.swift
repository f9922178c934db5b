/// A place in a bundle that moves forward; every read is held against what is left.
struct BundleCursor: ~Escapable {
    let bytes: Span<UInt8>
    private(set) var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    var left: Int { bytes.count - offset }

    /// Steps over `count` bytes and says where they began.
    mutating func skip(_ count: Int) throws(BundleError) -> Int {
        try require(count <= left, .truncated(offset: offset, needed: count, left: left))
        defer { offset += count }
        return offset
    }

    mutating func readUInt8() throws(BundleError) -> UInt8 {
        let start = try skip(1)
        return bytes[start]
    }

    mutating func readUInt16() throws(BundleError) -> UInt16 {
        let start = try skip(2)
        return bytes.littleEndian16(at: start)
    }

    mutating func readUInt32() throws(BundleError) -> UInt32 {
        let start = try skip(4)
        return bytes.littleEndian32(at: start)
    }

    mutating func readUInt64() throws(BundleError) -> UInt64 {
        let start = try skip(8)
        return bytes.littleEndian64(at: start)
    }

    /// Reads a `vec8` that must be a name, and says where its bytes lie.
    mutating func readName(_ section: BundleSection, _ item: Int) throws(BundleError) -> ByteRange {
        let count = Int(try readUInt8())
        let name = ByteRange(start: try skip(count), count: count)
        guard count > 0, PrintableText.isName(name.of(bytes)) else {
            throw .badName(section: section, item: item)
        }
        return name
    }

    /// Reads a `vec16` and says where its bytes lie.
    mutating func readVec16() throws(BundleError) -> ByteRange {
        let count = Int(try readUInt16())
        return ByteRange(start: try skip(count), count: count)
    }
}

/// Where some bytes of a bundle lie.
struct ByteRange {
    let start: Int
    let count: Int

    @_lifetime(copy bytes)
    func of(_ bytes: Span<UInt8>) -> Span<UInt8> {
        bytes.extracting(start..<(start + count))
    }
}

/// Refuses bytes for which a condition of the format does not hold.
func require(
    _ condition: Bool,
    _ error: @autoclosure () -> BundleError
) throws(BundleError) {
    guard condition else { throw error() }
}
