/// Little-endian numbers at known places, for bytes whose length was checked before.
extension Span<UInt8> {
    /// The number of `byteCount` bytes, at most eight, at a place.
    @inlinable package func number(at place: Int, byteCount: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<byteCount {
            value |= UInt64(self[place + index]) << UInt64(8 * index)
        }
        return value
    }
}

extension MutableSpan<UInt8> {
    /// Puts the first `byteCount` bytes of a number to a place.
    @_lifetime(self: copy self)
    @inlinable package mutating func store(_ value: UInt64, at place: Int, byteCount: Int) {
        for index in 0..<byteCount {
            self[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    /// Copies all of `source` to a place.
    @_lifetime(self: copy self)
    @inlinable package mutating func store(_ source: Span<UInt8>, at place: Int) {
        for index in source.indices {
            self[place + index] = source[index]
        }
    }
}
