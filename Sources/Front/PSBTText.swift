/// Base64 as wallets write it: with padding, white space anywhere. One pass over the text, because
/// a PSBT of 1,000 inputs has ten million characters of it.
package enum PSBTText {
    private static let padding: UInt8 = 0x3D
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )
    /// Marks in the table of values: more than any value of six bits.
    private static let foreign: UInt8 = 0x80
    private static let space: UInt8 = 0x40

    /// For each byte its value, or a mark.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: foreign, count: 256)
        for (value, character) in alphabet.enumerated() {
            values[Int(character)] = UInt8(value)
        }
        for character in [0x20] + Array(0x09...0x0D) { values[character] = space }
        return values
    }()

    /// The bytes, or nil where the text is not base64.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: text.count / 4 * 3 + 3)
        guard let count = decode(text.span, into: &bytes) else { return nil }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    private static func decode(_ text: Span<UInt8>, into bytes: inout [UInt8]) -> Int? {
        let table = values
        let table64 = table.span
        var room = bytes.mutableSpan
        var (place, count) = (0, 0)
        // The sextets of a group that white space has cut, and how many they are.
        var (group, held): (UInt32, Int) = (0, 0)
        while place < text.count {
            if held == 0, place + 4 <= text.count {
                let first = table64[Int(text[place])]
                let second = table64[Int(text[place + 1])]
                let third = table64[Int(text[place + 2])]
                let fourth = table64[Int(text[place + 3])]
                if first | second | third | fourth < space {
                    room[count] = first << 2 | second >> 4
                    room[count + 1] = second << 4 | third >> 2
                    room[count + 2] = third << 6 | fourth
                    place += 4
                    count += 3
                    continue
                }
            }
            let value = table64[Int(text[place])]
            if value < space {
                group = group << 6 | UInt32(value)
                held += 1
                if held == 4 {
                    for (index, shift) in [16, 8, 0].enumerated() {
                        room[count + index] = UInt8(truncatingIfNeeded: group >> UInt32(shift))
                    }
                    (group, held) = (0, 0)
                    count += 3
                }
            } else if text[place] == padding {
                break
            } else if value == foreign {
                return nil
            }
            place += 1
        }
        return end(text.extracting(place..<text.count), group, held, &room, count)
    }

    /// The last group, which padding has cut, and nothing behind it. Bits that stand for no byte
    /// are zero: another value would be a second spelling.
    private static func end(
        _ rest: Span<UInt8>,
        _ group: UInt32,
        _ held: Int,
        _ room: inout MutableSpan<UInt8>,
        _ count: Int
    ) -> Int? {
        var paddings = 0
        for index in rest.indices {
            if rest[index] == padding {
                paddings += 1
            } else if values[Int(rest[index])] != space {
                return nil
            }
        }
        switch (held, paddings) {
        case (0, 0): return count
        case (2, 2) where group & 0xF == 0:
            room[count] = UInt8(truncatingIfNeeded: group >> 4)
            return count + 1
        case (3, 1) where group & 3 == 0:
            room[count] = UInt8(truncatingIfNeeded: group >> 10)
            room[count + 1] = UInt8(truncatingIfNeeded: group >> 2)
            return count + 2
        case _: return nil
        }
    }

    /// The text of bytes, without line feeds.
    package static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text = [UInt8](repeating: padding, count: (bytes.count + 2) / 3 * 4)
        var room = text.mutableSpan
        let (alphabet, bytes) = (alphabet.span, bytes.span)
        var (place, count) = (0, 0)
        while place < bytes.count {
            let left = bytes.count - place
            let first = bytes[place]
            let second = left > 1 ? bytes[place + 1] : 0
            let third = left > 2 ? bytes[place + 2] : 0
            room[count] = alphabet[Int(first >> 2)]
            room[count + 1] = alphabet[Int((first << 4 | second >> 4) & 63)]
            if left > 1 { room[count + 2] = alphabet[Int((second << 2 | third >> 6) & 63)] }
            if left > 2 { room[count + 3] = alphabet[Int(third & 63)] }
            place += 3
            count += 4
        }
        return text
    }
}
