extension ByteReader {
    /// A copy of the next 20 bytes.
    package mutating func readBytes20() throws(ByteError) -> Bytes20 {
        Bytes20(copying: try readSpan(20))
    }

    /// A copy of the next 33 bytes.
    package mutating func readBytes33() throws(ByteError) -> Bytes33 {
        Bytes33(copying: try readSpan(33))
    }

    /// A one-byte length of at most `limit`, then as many bytes, borrowed.
    @_lifetime(copy self)
    package mutating func readVec8(limit: Int = 0xFF) throws(ByteError) -> Span<UInt8> {
        try readVector(lengthBytes: 1, limit: limit)
    }
}
