/// Reads untrusted bytes front to back; every read is bounds-checked and either whole or nothing.
///
/// Integers are little-endian. A read that throws moves nothing.
package struct ByteReader: ~Escapable {
    let bytes: Span<UInt8>

    /// The number of bytes read so far.
    package internal(set) var position = 0

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// The number of bytes not yet read.
    package var remaining: Int { bytes.count - position }

    /// The next byte.
    package mutating func readUInt8() throws(ByteError) -> UInt8 {
        let start = try advance(1)
        return bytes[start]
    }

    /// The next two bytes as a number.
    package mutating func readUInt16() throws(ByteError) -> UInt16 {
        UInt16(bytes.number(at: try advance(2), byteCount: 2))
    }

    /// The next four bytes as a number.
    package mutating func readUInt32() throws(ByteError) -> UInt32 {
        UInt32(bytes.number(at: try advance(4), byteCount: 4))
    }

    /// The next eight bytes as a number.
    package mutating func readUInt64() throws(ByteError) -> UInt64 {
        bytes.number(at: try advance(8), byteCount: 8)
    }

    /// A copy of the next 32 bytes.
    package mutating func readBytes32() throws(ByteError) -> Bytes32 {
        Bytes32(copying: try readSpan(32))
    }

    /// A copy of the next 64 bytes.
    package mutating func readBytes64() throws(ByteError) -> Bytes64 {
        Bytes64(copying: try readSpan(64))
    }

    /// The next `count` bytes, borrowed from the source; `count` may come from outside.
    @_lifetime(copy self)
    package mutating func readSpan(_ count: Int) throws(ByteError) -> Span<UInt8> {
        let start = try advance(count)
        return bytes.extracting(start..<start + count)
    }

    /// A two-byte length of at most `limit`, then as many bytes, borrowed.
    @_lifetime(copy self)
    package mutating func readVec16(limit: Int = 0xFFFF) throws(ByteError) -> Span<UInt8> {
        try readVector(lengthBytes: 2, limit: limit)
    }

    /// A four-byte length of at most `limit`, then as many bytes, borrowed.
    @_lifetime(copy self)
    package mutating func readVec32(limit: Int) throws(ByteError) -> Span<UInt8> {
        try readVector(lengthBytes: 4, limit: limit)
    }

    /// Fails unless every byte was read: trailing bytes are never ignored.
    package func finish() throws(ByteError) {
        guard remaining == 0 else { throw .trailing(count: remaining) }
    }

    /// Moves past `count` bytes and gives the place where they start.
    mutating func advance(_ count: Int) throws(ByteError) -> Int {
        guard count >= 0, count <= remaining else {
            throw .truncated(needed: count, left: remaining)
        }
        defer { position += count }
        return position
    }

    @_lifetime(copy self)
    mutating func readVector(lengthBytes: Int, limit: Int) throws(ByteError) -> Span<UInt8> {
        let start = position
        let count = Int(bytes.number(at: try advance(lengthBytes), byteCount: lengthBytes))
        guard count <= limit else {
            position = start
            throw .tooLong(count: count, limit: limit)
        }
        guard count <= remaining else {
            let left = remaining
            position = start
            throw .truncated(needed: count, left: left)
        }
        return try readSpan(count)
    }
}
