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

/// The bytes of hexadecimal text in either case, or nothing if it is none.
package func hexBytes(_ text: Substring) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for place in stride(from: 0, to: digits.count, by: 2) {
        guard let high = Hex.value(digits[place]), let low = Hex.value(digits[place + 1]) else {
            return nil
        }
        bytes.append(high << 4 | low)
    }
    return bytes
}
