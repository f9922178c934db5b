import Policy
import TestSupport
import Testing

@Suite("Names show as what they are")
struct PrintableTextTests {
    private func firstFault(_ bytes: [UInt8]) -> Int? { PrintableText.firstFault(in: bytes.span) }

    private func isName(_ bytes: [UInt8]) -> Bool { PrintableText.isName(bytes.span) }

    @Test(
        "Ordinary text of any script is a name",
        arguments: ["a", "pay roll", "~", "Löhne", "給与", "зарп", "🏦", "\u{10FFF}"]
    )
    func good(text: String) {
        #expect(isName(Array(text.utf8)))
        #expect(firstFault(Array(text.utf8)) == nil)
    }

    @Test(
        "Controls, separators, direction marks and invisible characters are not",
        arguments: [
            0x00, 0x09, 0x0A, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0x9F, 0xAD, 0x200B, 0x200E, 0x200F,
            0x2028, 0x2029, 0x202A, 0x202E, 0x2060, 0x2066, 0x2069, 0xFEFF, 0xFE0F, 0xFFF9,
            0xFFFD, 0xFFFE, 0xFFFF, 0x1FFFE, 0xE000, 0xE0041, 0xF0000, 0x10FFFF, 0x3164,
        ] as [UInt32]
    )
    func bad(value: UInt32) throws {
        let scalar = try #require(Unicode.Scalar(value))
        #expect(!isName(Array("a\(scalar)b".utf8)))
    }

    @Test(
        "Only strict UTF-8 is text",
        arguments: [
            "80", "bf", "c0af", "c1bf", "e080af", "e09fbf", "f08080af", "f08fbfbf", "eda080",
            "edbfbf", "f4908080", "f5808080", "ff", "fe", "c3", "e282", "f09f8f", "c328", "e28228",
            "f09f8f28", "c3c3",
        ]
    )
    func encoding(hex: String) {
        let bytes = [UInt8(ascii: "a")] + [UInt8](hex: hex)
        #expect(!isName(bytes))
        #expect(firstFault(bytes) == 1)
    }

    @Test("A source may have tabs and line ends, a name may not")
    func layout() {
        let bytes = Array("a\tb\r\n".utf8)
        #expect(!isName(bytes))
        #expect(firstFault(bytes) == nil)
    }
}
