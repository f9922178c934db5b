extension ByteWriter {
    /// A one-byte length, then the bytes; more than 255 are refused.
    @_lifetime(self: copy self)
    package mutating func writeVec8(_ source: Span<UInt8>) throws(ByteError) {
        try writeVector(source, lengthBytes: 1, limit: 0xFF)
    }

    /// A four-byte length, then the bytes; more than 4,294,967,295 are refused.
    @_lifetime(self: copy self)
    package mutating func writeVec32(_ source: Span<UInt8>) throws(ByteError) {
        try writeVector(source, lengthBytes: 4, limit: 0xFFFF_FFFF)
    }

    /// Bitcoin's variable-length number in its only canonical form.
    @_lifetime(self: copy self)
    package mutating func writeCompactSize(_ value: UInt64) throws(ByteError) {
        let width = CompactSize.width(of: value)
        guard width > 1 else { return try put(value, count: 1) }
        guard width <= remaining else { throw .full(needed: width, left: remaining) }
        let prefix: UInt64 = width == 3 ? 0xFD : width == 5 ? 0xFE : 0xFF
        try put(prefix, count: 1)
        try put(value, count: width - 1)
    }

    /// Replaces a byte that was written before.
    @_lifetime(self: copy self)
    package mutating func patchUInt8(at place: Int, _ value: UInt8) {
        patch(UInt64(value), at: place, count: 1)
    }

    /// Replaces two bytes that were written before.
    @_lifetime(self: copy self)
    package mutating func patchUInt16(at place: Int, _ value: UInt16) {
        patch(UInt64(value), at: place, count: 2)
    }

    /// Replaces four bytes that were written before.
    @_lifetime(self: copy self)
    package mutating func patchUInt32(at place: Int, _ value: UInt32) {
        patch(UInt64(value), at: place, count: 4)
    }

    /// Replaces eight bytes that were written before.
    @_lifetime(self: copy self)
    package mutating func patchUInt64(at place: Int, _ value: UInt64) {
        patch(value, at: place, count: 8)
    }

    @_lifetime(self: copy self)
    private mutating func patch(_ value: UInt64, at place: Int, count: Int) {
        precondition(place >= 0 && place <= self.count - count, "patch outside what was written")
        bytes.store(value, at: place, byteCount: count)
    }
}
