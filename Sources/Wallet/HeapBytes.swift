package import Bytes

extension [UInt8] {
    /// A copy of the bytes.
    package init(copying bytes: Span<UInt8>) {
        self.init()
        reserveCapacity(bytes.count)
        for index in bytes.indices {
            append(bytes[index])
        }
    }

    /// Adds a number, least significant byte first.
    package mutating func append<Number: FixedWidthInteger>(number: Number) {
        for index in 0..<(Number.bitWidth / 8) {
            append(UInt8(truncatingIfNeeded: number >> Number(8 * index)))
        }
    }

    /// Adds Bitcoin's variable-length number in its shortest form.
    package mutating func append(compactSize value: UInt64) {
        switch CompactSize.width(of: value) {
        case 1: append(UInt8(value))
        case 3:
            append(0xfd)
            append(number: UInt16(value))
        case 5:
            append(0xfe)
            append(number: UInt32(value))
        case _:
            append(0xff)
            append(number: value)
        }
    }

    /// Adds a length and the bytes.
    package mutating func append(vector bytes: [UInt8]) {
        append(compactSize: UInt64(bytes.count))
        append(contentsOf: bytes)
    }

    /// Adds a hash or a key.
    package mutating func append<let size: Int>(fixed bytes: FixedBytes<size>) {
        for index in 0..<size {
            append(bytes[index])
        }
    }
}

/// Hexadecimal text of bytes, for messages to people.
package func hexText(_ bytes: [UInt8]) -> String {
    var text = ""
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
        text.unicodeScalars.append(Unicode.Scalar(Hex.digit(byte >> 4)))
        text.unicodeScalars.append(Unicode.Scalar(Hex.digit(byte & 15)))
    }
    return text
}
