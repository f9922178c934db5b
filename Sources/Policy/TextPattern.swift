/// A pattern that a whole text must match, case and all: `*` stands for any run of bytes within a
/// line, `**` for any run at all, `\*` and `\\` for the star and the backslash themselves.
///
/// It is run as an automaton whose states are bits: a byte of the text costs a few steps for each
/// 64 literals, whatever the pattern, so nobody who chooses the text makes it slow.
package struct TextPattern: Sendable {
    /// The longest pattern in bytes.
    package static let byteCountMax = 255
    private static let lineFeed: UInt8 = 0x0A
    private static let star: UInt8 = 0x2A
    private static let backslash: UInt8 = 0x5C

    /// State n: the first n literals were met. 256 bits in four words.
    private var states = InlineArray<4, UInt64>(repeating: 0)
    /// The literals whose low half is the place; the same for the high half.
    private var low = InlineArray<64, UInt64>(repeating: 0)
    private var high = InlineArray<64, UInt64>(repeating: 0)
    /// The states before which a star stands, and those whose star passes a line's end.
    private var stars = InlineArray<4, UInt64>(repeating: 0)
    private var wideStars = InlineArray<4, UInt64>(repeating: 0)
    private var literalCount = 0

    /// Takes a pattern that `isPattern` holds for.
    package init(_ pattern: Span<UInt8>) {
        var place = 0
        while place < pattern.count {
            let byte = pattern[place]
            place += 1
            if byte == Self.star {
                set(literalCount, in: &stars)
                guard place < pattern.count, pattern[place] == Self.star else { continue }
                set(literalCount, in: &wideStars)
                place += 1
            } else if byte == Self.backslash, place < pattern.count {
                add(pattern[place])
                place += 1
            } else {
                add(byte)
            }
        }
        states[0] = 1
    }

    /// Whether bytes are a pattern: 1 to 255 of text, escapes only of what needs them, and no star
    /// beside another but in `**`.
    package static func isPattern(_ bytes: Span<UInt8>) -> Bool {
        guard (1...byteCountMax).contains(bytes.count),
            PrintableText.firstMessageFault(in: bytes) == nil
        else { return false }
        var (place, run) = (0, 0)
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            run = byte == star ? run + 1 : 0
            guard run <= 2 else { return false }
            guard byte == backslash else { continue }
            guard place < bytes.count, bytes[place] == star || bytes[place] == backslash else {
                return false
            }
            place += 1
        }
        return true
    }

    /// Whether all of `text` matches. Work: a few steps for each byte and 64 literals.
    package consuming func matches(_ text: Span<UInt8>) -> Bool {
        let words = literalCount / 64 + 1
        // Through spans: an element read straight from a stored array copies all of it.
        let (low, high) = (low.span, high.span)
        let (stars, wideStars) = (stars.span, wideStars.span)
        var states = states
        for place in text.indices {
            let byte = text[place]
            let (left, right) = (4 * Int(byte & 15), 4 * Int(byte >> 4))
            var carry: UInt64 = 0
            var alive: UInt64 = 0
            for word in 0..<words {
                let met = states[word] & low[left + word] & high[right + word]
                let kept =
                    states[word] & (byte == Self.lineFeed ? wideStars[word] : stars[word])
                states[word] = met << 1 | carry | kept
                carry = met >> 63
                alive |= states[word]
            }
            guard alive != 0 else { return false }
        }
        return states[literalCount / 64] >> UInt64(literalCount % 64) & 1 == 1
    }

    private mutating func add(_ literal: UInt8) {
        let (word, bit) = (literalCount / 64, 1 << UInt64(literalCount % 64) as UInt64)
        low[4 * Int(literal & 15) + word] |= bit
        high[4 * Int(literal >> 4) + word] |= bit
        literalCount += 1
    }

    private func set(_ state: Int, in words: inout InlineArray<4, UInt64>) {
        words[state / 64] |= 1 << UInt64(state % 64)
    }
}
