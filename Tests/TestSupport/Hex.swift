package import Bytes

extension Array<UInt8> {
    /// The bytes that hexadecimal text stands for; a text that is not hexadecimal ends the test.
    package init(hex text: String) {
        self = []
        let digits = Array(text.utf8)
        precondition(digits.count.isMultiple(of: 2), "an odd number of digits: \(text)")
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Hex.value(digits[index]), let low = Hex.value(digits[index + 1]) else {
                preconditionFailure("no hexadecimal text: \(text)")
            }
            append(high << 4 | low)
        }
    }

    /// The bytes of a text.
    package init(text: String) {
        self = Array(text.utf8)
    }

    /// The bytes as hexadecimal text.
    package var hex: String { span.hex }
}

extension Span<UInt8> {
    /// The bytes as hexadecimal text.
    package var hex: String {
        var text = ""
        for index in indices {
            text.unicodeScalars.append(Unicode.Scalar(Hex.digit(self[index] >> 4)))
            text.unicodeScalars.append(Unicode.Scalar(Hex.digit(self[index] & 15)))
        }
        return text
    }

    /// The bytes as an array.
    package var array: [UInt8] {
        var bytes: [UInt8] = []
        for index in indices {
            bytes.append(self[index])
        }
        return bytes
    }
}

extension FixedBytes {
    /// The bytes that hexadecimal text of the right length stands for.
    package init(hex text: String) {
        self.init(copying: [UInt8](hex: text).span)
    }

    /// The bytes as hexadecimal text.
    package var hex: String { span.hex }

    /// The bytes as an array.
    package var array: [UInt8] { span.array }
}

/// What `write` wrote into `capacity` bytes of room.
package func written<E: Error>(
    capacity: Int = 65_536,
    _ write: (inout ByteWriter) throws(E) -> Void
) throws(E) -> [UInt8] {
    var room = [UInt8](repeating: 0, count: capacity)
    var span = room.mutableSpan
    var writer = ByteWriter(&span)
    try write(&writer)
    let count = writer.count
    room.removeLast(capacity - count)
    return room
}
