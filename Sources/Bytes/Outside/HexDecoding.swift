extension Hex {
    /// Writes the bytes of `text`; both cases are read, an odd length is refused.
    package static func decode(
        _ text: Span<UInt8>,
        into writer: inout ByteWriter
    ) throws(ByteError) {
        guard text.count.isMultiple(of: 2) else { throw .truncated(needed: 2, left: 1) }
        for index in text.indices where value(text[index]) == nil {
            throw .invalidCharacter(at: index)
        }
        let needed = text.count / 2
        guard needed <= writer.remaining else {
            throw .full(needed: needed, left: writer.remaining)
        }
        for index in 0..<needed {
            guard let high = value(text[2 * index]), let low = value(text[2 * index + 1]) else {
                throw .invalidCharacter(at: 2 * index)
            }
            try writer.writeUInt8(high << 4 | low)
        }
    }

    /// The number that a digit stands for, or nil if it is none.
    package static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x37
        case 0x61...0x66: character - 0x57
        default: nil
        }
    }
}
