import BitcoinCrypto
import Foundation
import TestSupport
import Testing
import Wallet

/// The normal form of a text, or why it has none.
private func normal(_ text: [UInt8], room: Int = 4_096) throws(NormalFormError) -> [UInt8] {
    var scratch = [UInt32](repeating: 0, count: room)
    var result = [UInt8](repeating: 0, count: room)
    var characters = scratch.mutableSpan
    var bytes = result.mutableSpan
    let count = try NormalForm.decompose(text.span, scratch: &characters, into: &bytes)
    return [UInt8](result[..<count])
}

private func normal(_ text: String) throws(NormalFormError) -> String {
    String(decoding: try normal(Array(text.utf8)), as: UTF8.self)
}

@Suite("Normal form of a mnemonic's texts (NFKD)")
struct NormalFormTests {
    @Test(
        "Characters decompose fully, marks stand in their order",
        arguments: [
            ("", ""), ("TREZOR 12", "TREZOR 12"), ("\u{E9}", "e\u{301}"), ("e\u{301}", "e\u{301}"),
            ("\u{FB01}", "fi"), ("\u{212B}", "A\u{30A}"), ("\u{1E9B}\u{323}", "s\u{323}\u{307}"),
            ("\u{FF41}\u{3000}\u{FF42}", "a b"),
            ("\u{D55C}\u{AE00}", "\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}"),
            ("\u{AC00}", "\u{1100}\u{1161}"), ("\u{D7A3}", "\u{1112}\u{1175}\u{11C2}"),
            ("\u{334D}", "\u{30E1}\u{30FC}\u{30C8}\u{30EB}"), ("\u{1F600}", "\u{1F600}"),
            ("a\u{315}\u{300}\u{5AE}\u{300}b", "a\u{5AE}\u{300}\u{300}\u{315}b"),
            ("\u{1D400}\u{1D433}", "Az"), ("\u{FDFA}", "صلى الله عليه وسلم"),
            ("\u{2F81A}", "\u{51AC}"), ("\u{10FFFD}", "\u{10FFFD}"),
        ]
    )
    func decomposes(text: String, expected: String) throws {
        let found = try normal(text)
        #expect(Array(found.unicodeScalars) == Array(expected.unicodeScalars))
        #expect(try Array(normal(found).utf8) == Array(found.utf8), "twice is once")
    }

    @Test(
        "What is not UTF-8 is refused at its byte",
        arguments: [
            ([0xE9], 0), ([0x61, 0xC3], 1), ([0xC0, 0x80], 0), ([0x61, 0xED, 0xA0, 0x80], 1),
            ([0xF4, 0x90, 0x80, 0x80], 0), ([0x61, 0x62, 0x80], 2), ([0xFF], 0),
        ] as [([UInt8], Int)]
    )
    func notUTF8(bytes: [UInt8], place: Int) {
        #expect(throws: NormalFormError.notUTF8(at: place)) { try normal(bytes) }
    }

    @Test("A character that no Unicode known here assigns is refused; its neighbour is taken")
    func unknown() throws {
        #expect(throws: NormalFormError.unknownCharacter(at: 2)) { try normal("ab\u{378}") }
        #expect(try normal("ab\u{377}") == "ab\u{377}")
    }

    @Test("A text that just fits is taken; one more byte or character is too much")
    func room() throws {
        let text = [UInt8](repeating: 0x61, count: 64)
        #expect(try normal(text, room: 64) == text)
        #expect(throws: NormalFormError.tooLong) { try normal(text, room: 63) }
        // Three characters, six bytes; and one character that becomes eighteen.
        let marks = Array("\u{E9}\u{E9}".utf8)
        #expect(try normal(marks, room: 6).count == 6)
        #expect(throws: NormalFormError.tooLong) { try normal(marks, room: 5) }
        #expect(throws: NormalFormError.tooLong) { try normal(Array("\u{FDFA}".utf8), room: 17) }
    }

    @Test(
        "Japanese vectors of BIP-39: words and passphrase in their normal form give the known seed",
        arguments: [
            (
                // The first case of bip32JP's test_JP_BIP39.json, which BIP-39 links to.
                "あいこくしん", "あおぞら",
                "a262d6fb6122ecf45be09c50492b31f92e9beb7d9a845987a02cefda57a15f9c"
                    + "467a17872029a9e92299b5cbdf306e3a0ee620245cbd508959b6cb7ca637bd55"
            )
        ]
    )
    func japanese(word: String, last: String, expected: String) throws {
        let words = [String](repeating: word, count: 11) + [last]
        let passphrase = "㍍ガバヴァぱばぐゞちぢ十人十色"
        let sentence = Array(try normal(words.joined(separator: "\u{3000}")).utf8)
        #expect(try Self.seed(sentence, Array(normal(passphrase).utf8)) == [UInt8](hex: expected))
        // As typed it would be another wallet.
        #expect(try Self.seed(sentence, Array(passphrase.utf8)) != [UInt8](hex: expected))
    }

    private static func seed(_ words: [UInt8], _ passphrase: [UInt8]) throws -> [UInt8] {
        var seed = [UInt8](repeating: 0, count: 64)
        var room = seed.mutableSpan
        try Mnemonic.seed(sentence: words.span, passphrase: passphrase.span, into: &room)
        return seed
    }
}

/// Python's unicodedata, which shares no code with us.
@Suite("Normal form against Python", .enabled(if: Python.present, Python.reason))
struct NormalFormJudgeTests {
    @Test("Every character that Python knows, and 5,000 mixed texts, have Python's normal form")
    func everything() throws {
        let known = try Python.lines(
            "import unicodedata as u",
            "print('\\n'.join('%x' % c for c in range(0x110000) if u.category(chr(c)) not in "
                + "('Cn', 'Cs')))"
        ).compactMap { UInt32($0, radix: 16).flatMap(Unicode.Scalar.init) }
        #expect(known.count > 200_000)
        var random = SystemRandomNumberGenerator()
        let special = known.filter { character in
            character.properties.canonicalCombiningClass != .notReordered
                || character.value < 0x3100
        }
        var texts = known.map { String($0) }
        for _ in 0..<5_000 {
            var text = ""
            for _ in 0..<Int.random(in: 2...12, using: &random) {
                let pool = Bool.random(using: &random) ? special : known
                text.unicodeScalars.append(try #require(pool.randomElement(using: &random)))
            }
            texts.append(text)
        }
        let expected = try Python.normalized(texts)
        #expect(expected.count == texts.count)
        var wrong: [String] = []
        for (text, judged) in zip(texts, expected) where try normal(Array(text.utf8)) != judged {
            wrong.append(
                text.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
            )
        }
        #expect(wrong.isEmpty)
        // That the comparison can fail.
        #expect(try normal(Array("\u{E9}".utf8)) != Array("\u{E9}".utf8))
    }
}

private enum Python {
    static let path = "/usr/bin/python3"
    static let present = FileManager.default.isExecutableFile(atPath: path)
    static let reason: Comment = "no python3 at \(path)"

    static func lines(_ program: String...) throws -> [Substring] {
        String(decoding: try run(program.joined(separator: "\n"), Data()), as: UTF8.self)
            .split(separator: "\n")
    }

    /// The normal form of each text, as UTF-8.
    static func normalized(_ texts: [String]) throws -> [[UInt8]] {
        let program = """
            import sys, unicodedata
            for line in sys.stdin:
                text = bytes.fromhex(line).decode()
                print(unicodedata.normalize('NFKD', text).encode().hex())
            """
        let lines = texts.map { Array($0.utf8).hex + "\n" }.joined()
        let answer = try run(program, Data(lines.utf8))
        return String(decoding: answer, as: UTF8.self).split(separator: "\n")
            .map { [UInt8](hex: String($0)) }
    }

    private static func run(_ program: String, _ input: Data) throws -> Data {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "portcullis-normal-\(UUID().uuidString)")
        try input.write(to: file)
        defer {
            do { try FileManager.default.removeItem(at: file) } catch { Issue.record(error) }
        }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-c", program]
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardOutput = output
        try process.run()
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return answer
    }
}
