import SecretMemory

/// Little-endian numbers at known places of memory that the signer laid out itself.
extension Span<UInt8> {
    func number(at place: Int, byteCount: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<byteCount {
            value |= UInt64(self[place + index]) << UInt64(8 * index)
        }
        return value
    }
}

extension MutableSpan<UInt8> {
    @_lifetime(self: copy self)
    mutating func store(_ value: UInt64, at place: Int, byteCount: Int) {
        for index in 0..<byteCount {
            self[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    @_lifetime(self: copy self)
    mutating func store(_ source: Span<UInt8>, at place: Int) {
        for index in source.indices {
            self[place + index] = source[index]
        }
    }
}

/// The same for a whole arena, so that no access to it outlives one call.
extension Arena {
    func number(at place: Int, byteCount: Int) -> UInt64 {
        bytes.number(at: place, byteCount: byteCount)
    }

    mutating func store(_ value: UInt64, at place: Int, byteCount: Int) {
        var room = mutableBytes
        room.store(value, at: place, byteCount: byteCount)
    }

    mutating func store(_ source: Span<UInt8>, at place: Int) {
        var room = mutableBytes
        room.store(source, at: place)
    }
}
