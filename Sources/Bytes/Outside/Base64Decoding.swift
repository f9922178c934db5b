extension Base64 {
    /// Writes the bytes of `text`; what is written before an error was found is not meant for use.
    package static func decode(
        _ text: Span<UInt8>,
        into writer: inout ByteWriter
    ) throws(ByteError) {
        guard text.count.isMultiple(of: 4) else {
            throw .truncated(needed: 4, left: text.count % 4)
        }
        var index = 0
        while index < text.count {
            let isLast = index + 4 == text.count
            try decodeGroup(text.extracting(index..<index + 4), at: index, isLast, into: &writer)
            index += 4
        }
    }

    private static func decodeGroup(
        _ group: Span<UInt8>,
        at start: Int,
        _ isLast: Bool,
        into writer: inout ByteWriter
    ) throws(ByteError) {
        var padded = 0
        if isLast, group[3] == padding { padded = group[2] == padding ? 2 : 1 }
        var bits: UInt32 = 0
        for place in 0..<4 {
            guard place < 4 - padded else {
                bits <<= 6
                continue
            }
            guard let sextet = value(group[place]) else {
                throw .invalidCharacter(at: start + place)
            }
            bits = bits << 6 | UInt32(sextet)
        }
        // The bits under the padding stand for no byte: another value would be a second spelling.
        let unused: UInt32 = padded == 2 ? 0xFFFF : padded == 1 ? 0xFF : 0
        guard bits & unused == 0 else { throw .nonCanonical }
        for place in 0..<3 - padded {
            try writer.writeUInt8(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * place)))
        }
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x41...0x5A: character - 0x41
        case 0x61...0x7A: character - 0x61 + 26
        case 0x30...0x39: character - 0x30 + 52
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}
