/// Base64 with padding (RFC 4648, section 4), strict: no white space, no missing padding, and no
/// bits set in the last character that stand for no byte.
package enum Base64 {
    /// The characters that `count` bytes take.
    package static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Writes the text of `bytes`.
    package static func encode(
        _ bytes: Span<UInt8>,
        into writer: inout ByteWriter
    ) throws(ByteError) {
        let needed = encodedCount(bytes.count)
        guard needed <= writer.remaining else {
            throw .full(needed: needed, left: writer.remaining)
        }
        var index = 0
        while index < bytes.count {
            let taken = min(3, bytes.count - index)
            var group: UInt32 = 0
            for place in 0..<3 {
                group = group << 8 | (place < taken ? UInt32(bytes[index + place]) : 0)
            }
            for place in 0..<4 {
                let sextet = UInt8(truncatingIfNeeded: group >> UInt32(18 - 6 * place)) & 63
                try writer.writeUInt8(place <= taken ? character(sextet) : padding)
            }
            index += taken
        }
    }

    static let padding: UInt8 = 0x3D

    private static func character(_ sextet: UInt8) -> UInt8 {
        switch sextet {
        case 0...25: 0x41 + sextet
        case 26...51: 0x61 + (sextet - 26)
        case 52...61: 0x30 + (sextet - 52)
        case 62: 0x2B
        default: 0x2F
        }
    }
}
