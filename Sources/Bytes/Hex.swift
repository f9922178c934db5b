/// Hexadecimal text: two digits a byte, most significant first; written in lower case.
package enum Hex {
    /// Writes the text of `bytes`, two characters each.
    package static func encode(
        _ bytes: Span<UInt8>,
        into writer: inout ByteWriter
    ) throws(ByteError) {
        let needed = bytes.count * 2
        guard needed <= writer.remaining else {
            throw .full(needed: needed, left: writer.remaining)
        }
        for index in bytes.indices {
            try writer.writeUInt8(digit(bytes[index] >> 4))
            try writer.writeUInt8(digit(bytes[index] & 15))
        }
    }

    /// The lower-case digit of a number below 16.
    package static func digit(_ value: UInt8) -> UInt8 {
        precondition(value < 16, "not a digit")
        return value < 10 ? 0x30 + value : 0x57 + value
    }
}
