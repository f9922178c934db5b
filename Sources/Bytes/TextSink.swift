/// Takes a text byte by byte, so that whoever writes it needs no room for it.
package protocol TextSink: ~Copyable {
    mutating func put(_ byte: UInt8)
}

extension TextSink where Self: ~Copyable {
    package mutating func put(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { put(text.byte(at: index)) }
    }

    /// The digits of a number, with at least `digits` of them.
    package mutating func put(decimal value: UInt64, digits: Int = 1) {
        var divisor: UInt64 = 1
        var count = 1
        while value / divisor >= 10 || count < digits {
            divisor *= 10
            count += 1
        }
        while divisor > 0 {
            put(0x30 + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    package mutating func put(hex bytes: Span<UInt8>) {
        for index in bytes.indices { put(hex: bytes[index]) }
    }

    package mutating func put<let size: Int>(hex bytes: FixedBytes<size>) {
        for index in 0..<size { put(hex: bytes[index]) }
    }

    private mutating func put(hex byte: UInt8) {
        put(Hex.digit(byte >> 4))
        put(Hex.digit(byte & 15))
    }

    /// A name, of which only letters, digits, `-` and `_` stand for themselves; any other byte is
    /// `\x` and two digits. So no name ends its field or its line, and no two are written alike.
    package mutating func put(name: Span<UInt8>) {
        for index in name.indices {
            switch name[index] {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x5f: put(name[index])
            case _:
                put("\\x")
                put(hex: name[index])
            }
        }
    }
}
