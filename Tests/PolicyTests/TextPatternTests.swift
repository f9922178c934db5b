import Policy
import TestSupport
import Testing

@Suite("A pattern matches what its words say, whoever chose the text")
struct TextPatternTests {
    private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        TextPattern(pattern.span).matches(text.span)
    }

    private static func isPattern(_ bytes: [UInt8]) -> Bool { TextPattern.isPattern(bytes.span) }

    private static func fault(_ bytes: [UInt8]) -> Int? {
        PrintableText.firstMessageFault(in: bytes.span)
    }

    private func matches(_ pattern: String, _ text: String) -> Bool {
        Self.matches(Array(pattern.utf8), Array(text.utf8))
    }

    /// The meaning, by trying every way, with nothing in common with the code under test.
    private static func naive(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first == 0x2A {
            let isWide = rest.first == 0x2A
            let after = isWide ? rest.dropFirst() : rest
            var left = text
            while true {
                if naive(after, left) { return true }
                guard let next = left.first, isWide || next != 0x0A else { return false }
                left = left.dropFirst()
            }
        }
        if first == 0x5C, let escaped = rest.first {
            return text.first == escaped && naive(rest.dropFirst(), text.dropFirst())
        }
        return text.first == first && naive(rest, text.dropFirst())
    }

    @Test(
        "Whole texts match, case counts, and a star stays within its line",
        arguments: [
            ("login at *", "login at noon", true), ("login at *", "login at ", true),
            ("login at *", "Login at noon", false), ("login at *", " login at noon", false),
            ("login", "login ", false), ("*", "", true), ("a", "", false),
            ("login at *", "login at noon\nI owe you all", false),
            ("login at **", "login at noon\nI owe you all", true),
            ("a\n*\nb", "a\nx\nb", true), ("a\n*\nb", "a\nx\ny\nb", false),
            ("**a*b", "a\nab", true), ("*a**b", "a\nab", true), ("*a*b", "a\nab", false),
            ("\\*", "*", true), ("\\*", "x", false), ("a\\\\*", "a\\b", true),
            ("a\\\\*", "ab", false), ("*é*", "né", true), ("*é*", "ne", false),
        ]
    )
    func examples(pattern: String, text: String, expected: Bool) {
        #expect(Self.isPattern(Array(pattern.utf8)))
        #expect(matches(pattern, text) == expected)
    }

    @Test("Random patterns and texts of few letters: as a naive matcher has it")
    func random() {
        var dice = Dice(seed: 322)
        var counts = [0, 0]
        for _ in 0..<200_000 {
            let letters: [[UInt8]] = [[0x61], [0x62], [0x0A], [0x2A], [0x2A, 0x2A], [0x5C, 0x2A]]
            var pattern: [UInt8] = []
            for _ in 0..<1 + dice.below(7) { pattern += letters[dice.below(6)] }
            guard Self.isPattern(pattern) else { continue }
            let bytes: [UInt8] = [0x61, 0x62, 0x0A, 0x2A]
            let text = (0..<dice.below(9)).map { _ in bytes[dice.below(4)] }
            let expected = Self.naive(pattern[...], text[...])
            #expect(Self.matches(pattern, text) == expected, "\(pattern) \(text)")
            counts[expected ? 1 : 0] += 1
        }
        #expect(counts.allSatisfy { $0 > 5_000 }, "\(counts)")
    }

    @Test("Literals at every place of the four words: all equal, one changed, one moved")
    func words() {
        for count in [1, 62, 63, 64, 65, 127, 128, 129, 191, 192, 193, 254, 255] {
            let pattern = (0..<count).map { UInt8(0x30 + $0 % 60) }.map { $0 == 0x5C ? 0x21 : $0 }
            #expect(Self.isPattern(pattern))
            #expect(Self.matches(pattern, pattern))
            #expect(!Self.matches(pattern, Array(pattern.dropLast())))
            #expect(!Self.matches(pattern, pattern + [0x30]))
            for place in 0..<count {
                var text = pattern
                text[place] ^= 1
                #expect(!Self.matches(pattern, text))
                guard count < 255 else { continue }
                let starred = Array(pattern[..<place] + [0x2A] + pattern[place...])
                let longer = Array(pattern[..<place] + [0x21] + pattern[place...])
                #expect(Self.matches(starred, pattern))
                #expect(Self.matches(starred, longer))
            }
        }
    }

    @Test(
        "What is no pattern",
        arguments: [
            "", "***", "a****", "\\", "a\\", "\\a", "\\n", "a\u{0}", "a\u{7}", "a\r\n",
            "a\u{202E}", "a\u{200B}", "a\u{1D173}", String(repeating: "a", count: 256),
        ]
    )
    func noPattern(text: String) {
        #expect(!Self.isPattern(Array(text.utf8)))
    }

    @Test("A pattern is strict UTF-8")
    func encoding() {
        for bytes in [[0xC0, 0x80], [0xFF], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]] {
            #expect(!Self.isPattern(bytes))
        }
        #expect(Self.isPattern(Array("*é\t\n\\*\\\\**".utf8)))
    }

    @Test("The dearest pattern and text cost no more than a few steps a byte")
    func work() {
        // Half of all states stay alive at each byte: a matcher that goes back would take minutes.
        var pattern: [UInt8] = []
        for _ in 0..<126 { pattern += [0x2A, 0x61] }
        let text = [UInt8](repeating: 0x61, count: 16_384) + [0x62]
        let clock = ContinuousClock()
        let time = clock.measure {
            for _ in 0..<64 { #expect(!Self.matches(pattern, text)) }
        }
        #expect(time < .seconds(20), "\(time)")
    }

    @Test(
        "A message is text that shows as what it is",
        arguments: [
            ("Hello\n\tWorld", nil), ("", nil), ("öäüéàè 测试文本 😄", nil), ("a\u{0}", 1),
            ("ab\r", 2), ("a\u{1B}[2J", 1), ("a\u{85}", 1), ("\u{202E}a", 0), ("a\u{2066}", 1),
            ("a\u{FEFF}", 1), ("a\u{1D17A}", 1), ("a\u{13430}", 1), ("a\u{2028}", 1),
        ] as [(String, Int?)]
    )
    func messages(text: String, fault: Int?) {
        #expect(Self.fault(Array(text.utf8)) == fault)
    }

    @Test(
        "A message is strict UTF-8",
        arguments: [[0xC0, 0xAF], [0x80], [0xF4, 0x90, 0x80, 0x80]]
    )
    func strict(bytes: [UInt8]) {
        #expect(Self.fault([0x61] + bytes) == 1)
    }
}
