package import Bytes

extension [UInt8] {
    /// The bytes that `body` writes, at most `limit`.
    package static func written(
        limit: Int,
        _ body: (inout ByteWriter) throws(ByteError) -> Void
    ) throws(ByteError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count: Int
        do {
            var room = bytes.mutableSpan
            var writer = ByteWriter(&room)
            try body(&writer)
            count = writer.count
        }
        bytes.removeSubrange(count...)
        return bytes
    }

    /// A copy of borrowed bytes.
    package init(copying bytes: Span<UInt8>) {
        self.init()
        reserveCapacity(bytes.count)
        for index in bytes.indices {
            append(bytes[index])
        }
    }

    /// Lower-case hexadecimal text.
    package var hexDigits: String {
        var text = ""
        text.reserveCapacity(count * 2)
        for byte in self {
            text.unicodeScalars.append(Unicode.Scalar(Hex.digit(byte >> 4)))
            text.unicodeScalars.append(Unicode.Scalar(Hex.digit(byte & 15)))
        }
        return text
    }

    /// The bytes that a hexadecimal text stands for, or nil if it is none.
    package init?(hexDigits text: String) {
        let digits = [UInt8](text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        self.init()
        reserveCapacity(digits.count / 2)
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Hex.value(digits[place]), let low = Hex.value(digits[place + 1])
            else { return nil }
            append(high << 4 | low)
        }
    }
}

extension FixedBytes {
    /// Lower-case hexadecimal text.
    package var hexDigits: String { [UInt8](copying: span).hexDigits }

    /// The text of a transaction id as explorers print it: the hash backwards.
    package var reversedHexDigits: String { [UInt8]([UInt8](copying: span).reversed()).hexDigits }
}
