import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing
import Transparency

private let exampleText = "This is an example message.\n"
private let exampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

@Suite("Signed note")
struct NoteTests {
    let log = TestKey("log.example", seed: [UInt8](repeating: 1, count: 32))
    let other = TestKey("other.example", seed: [UInt8](repeating: 2, count: 32))

    @Test("The published key of Go's test suite signs what its verifier key verifies")
    func goTestKey() throws {
        // The private key published with it: its seed follows the type byte.
        let secret = try bytes("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
        let key = TestKey("PeterNeumann", seed: Array(secret[1...]))
        let keyText = [UInt8](
            text: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        )
        let verifier = try VerifierKey(text: keyText.span)
        #expect(verifier.publicKey == key.publicKey)
        #expect(verifier.id == 0xc74f_20a3)
        try open(try key.note([UInt8](text: exampleText)), keyText)
    }

    @Test("A note without a signature by the key is refused, whoever else signed")
    func unsigned() throws {
        let note = try other.note([UInt8](text: exampleText))
        let keyText = try text(of: log)
        let id = try VerifierKey(text: keyText.span).id
        #expect(throws: TransparencyError.unsigned(keyID: id)) { try open(note, keyText) }
    }

    @Test("Unknown signatures are passed over before and after the known one, 16 and 99 of them")
    func unknownSignatures() throws {
        let text = [UInt8](text: exampleText)
        let known = try log.note(text)
        let unknown = Array(try other.note(text)[(text.count + 1)...])
        let line = Array(known[(text.count + 1)...])
        for count in [1, 16, 99] {
            let many = [[UInt8]](repeating: unknown, count: count).flatMap { $0 }
            try open(text + [0x0A] + line + many, try self.text(of: log))
            try open(text + [0x0A] + many + line, try self.text(of: log))
        }
    }

    @Test("101 signatures are too many")
    func tooManySignatures() throws {
        let text = [UInt8](text: exampleText)
        let line = Array(try log.note(text)[(text.count + 1)...])
        let many = [[UInt8]](repeating: line, count: 101).flatMap { $0 }
        #expect(throws: TransparencyError.malformedNote(.tooManySignatures)) {
            try open(text + [0x0A] + many, try self.text(of: log))
        }
    }

    @Test("A known key's bad signature refuses the note, even beside a good one")
    func badSignature() throws {
        let good = try log.note([UInt8](text: exampleText))
        let bad = try log.note([UInt8](text: "Another.\n"))
        let badLine = Array(bad[("Another.\n".utf8.count + 1)...])
        let keyText = try text(of: log)
        let id = try VerifierKey(text: keyText.span).id
        #expect(throws: TransparencyError.badSignature(keyID: id)) {
            try open(good + badLine, keyText)
        }
    }

    @Test("A signature of the right key and the wrong length is refused")
    func wrongSignatureLength() throws {
        let keyText = try text(of: log)
        let id = try VerifierKey(text: keyText.span).id
        for count in [1, 63, 65, 72] {
            let payload = Data(try idBytes(log) + [UInt8](repeating: 9, count: count))
            let note = "Text.\n\n— log.example \(payload.base64EncodedString())\n"
            #expect(throws: TransparencyError.badSignature(keyID: id)) {
                try open([UInt8](text: note), keyText)
            }
        }
    }

    @Test("A signature of 2,420 bytes by an unknown kind of key is passed over")
    func largeSignature() throws {
        let good = try log.note([UInt8](text: exampleText))
        let payload = Data([UInt8](repeating: 7, count: 2_424)).base64EncodedString()
        try open(good + [UInt8](text: "— pq.example \(payload)\n"), try text(of: log))
    }

    @Test("A text with empty lines is divided at the last one")
    func emptyLines() throws {
        let text = [UInt8](text: "one\n\ntwo\n\n\nthree\n")
        let bytes = try log.note(text)
        let note = try SignedNote(bytes.span)
        #expect(note.text.array == text)
        try open(bytes, try self.text(of: log))
    }

    @Test("Any one bit changed in a note is refused")
    func everyBit() throws {
        let good = try log.note([UInt8](text: "origin\n5\n"))
        let keyText = try text(of: log)
        try open(good, keyText)
        for bit in 0..<good.count * 8 {
            var bad = good
            bad[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: TransparencyError.self, "bit \(bit)") { try open(bad, keyText) }
        }
    }

    @Test(
        "Notes that are not in the form are refused, each for its reason",
        arguments: [
            ("", NoteFault.noSignatures), ("text\n", .noSignatures), ("text\n\n", .noSignatures),
            ("text\n— a AAAAAAA=\n", .noSignatures), ("te\txt\n\n— a AAAAAAA=\n", .encoding),
            ("te\rxt\n\n— a AAAAAAA=\n", .encoding),
            ("text\n\n- a AAAAAAA=\n", .signatureLine(0)),
            ("text\n\n— a AAAAAAA=", .signatureLine(0)),
            ("text\n\n— a AAAAAAB=\n", .signatureLine(0)),
            ("text\n\n— a AAAAAA==\n", .signatureLine(0)),
            ("text\n\n— a AAAAAAA\n", .signatureLine(0)),
            ("text\n\n— a  AAAAAAA=\n", .signatureLine(0)),
            ("text\n\n— AAAAAAA=\n", .signatureLine(0)),
            ("text\n\n— a+b AAAAAAA=\n", .signatureLine(0)),
            ("text\n\n— a\u{A0}b AAAAAAA=\n", .signatureLine(0)),
            ("text\n\n— a\u{3000} AAAAAAA=\n", .signatureLine(0)),
            ("text\n\n— a AAAAAAA=\nx\n", .signatureLine(1)),
        ]
    )
    func malformed(_ text: String, _ fault: NoteFault) {
        #expect(throws: TransparencyError.malformedNote(fault)) {
            let bytes = [UInt8](text: text)
            _ = try SignedNote(bytes.span)
        }
    }

    @Test("The shortest note in the form is read")
    func shortest() throws {
        let bytes = [UInt8](text: "text\n\n— a AAAAAAA=\n")
        #expect(try SignedNote(bytes.span).signatureCount == 1)
    }

    @Test(
        "Bytes that are not UTF-8 are refused",
        arguments: [
            "80", "C080", "C1BF", "C2", "E0809F", "E09F80", "EDA080", "EDBFBF", "EFBF", "F0808080",
            "F08FBFBF", "F4908080", "F5808080", "FF", "C220", "E28020",
        ]
    )
    func notUTF8(_ hex: String) {
        #expect(throws: TransparencyError.malformedNote(.encoding)) {
            let bytes = [UInt8](hex: hex) + [UInt8](text: "\n\n— a AAAAAAA=\n")
            _ = try SignedNote(bytes.span)
        }
    }

    @Test(
        "The least and greatest characters of each width are UTF-8",
        arguments: ["7F", "C280", "DFBF", "E0A080", "ED9FBF", "EE8080", "F0908080", "F48FBFBF"]
    )
    func isUTF8(_ hex: String) throws {
        let bytes = [UInt8](hex: hex) + [UInt8](text: "\n\n— a AAAAAAA=\n")
        #expect(try SignedNote(bytes.span).signatureCount == 1)
    }

    @Test("A note of 1,000,000 bytes is read and one byte more is refused")
    func largest() throws {
        let tail = [UInt8](text: "\n\n— a AAAAAAA=\n")
        let text = [UInt8](repeating: 0x61, count: 1_000_000 - tail.count)
        let largest = text + tail
        #expect(try SignedNote(largest.span).signatureCount == 1)
        #expect(throws: TransparencyError.tooLong(count: 1_000_001, limit: 1_000_000)) {
            let over = [0x61] + largest
            _ = try SignedNote(over.span)
        }
    }

    private func open(_ note: [UInt8], _ keyText: [UInt8]) throws {
        let key = try VerifierKey(text: keyText.span)
        try SignedNote(note.span).verify(key)
    }

    private func text(of key: TestKey) throws -> [UInt8] {
        let verifier = try VerifierKey(name: key.name.span, publicKey: key.publicKey)
        return try written { writer throws(ByteError) in try verifier.write(to: &writer) }
    }

    private func idBytes(_ key: TestKey) throws -> [UInt8] {
        let id = VerifierKey.id(name: key.name.span, kind: .ed25519, publicKey: key.publicKey)
        return (0..<4).map { UInt8(truncatingIfNeeded: id >> (24 - 8 * $0)) }
    }
}
