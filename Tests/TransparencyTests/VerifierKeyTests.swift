import Bytes
import TestSupport
import Testing
import Transparency

@Suite("Verifier key")
struct VerifierKeyTests {
    /// Keys published by the specification, by Go and with the golden and the Tessera logs.
    static let published = [
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "gate.example/audit-test+cbc5d3b7+AS6FFODEd/xgr5PD8Mev2cHLgxSwPRdLzvScCctSh0kx",
        "witness.example/w1+0e4cd635+BKqrq6zXgpAqnRLApFp+vcMf3DSke6wHAoptItNYLveA",
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
    ]

    @Test("Published keys are read, identifier checked, and written the same", arguments: published)
    func roundTrip(_ text: String) throws {
        let bytes = [UInt8](text: text)
        let key = try VerifierKey(text: bytes.span)
        let again = try written { writer throws(ByteError) in try key.write(to: &writer) }
        #expect(again == bytes)
    }

    @Test("The witness's key is one for cosignatures, the log's is not")
    func kinds() throws {
        let log = [UInt8](text: Self.published[2])
        let witness = [UInt8](text: Self.published[3])
        #expect(try VerifierKey(text: log.span).kind == .ed25519)
        #expect(try VerifierKey(text: witness.span).kind == .cosignature)
    }

    @Test("A key used for what it is not is refused")
    func wrongKind() throws {
        let log = [UInt8](text: Self.published[2])
        let witness = [UInt8](text: Self.published[3])
        let bytes = [UInt8](text: "text\n\n— a AAAAAAA=\n")
        #expect(throws: TransparencyError.malformedKey) {
            try SignedNote(bytes.span).verify(VerifierKey(text: witness.span))
        }
        #expect(throws: TransparencyError.malformedKey) {
            _ = try SignedNote(bytes.span).verifyCosignature(VerifierKey(text: log.span))
        }
    }

    @Test("Any one bit changed in a key's text is refused", arguments: published)
    func everyBit(_ text: String) {
        let good = [UInt8](text: text)
        for bit in 0..<good.count * 8 {
            var bad = good
            bad[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: TransparencyError.self) { _ = try VerifierKey(text: bad.span) }
        }
    }

    @Test(
        "Texts that are not in the form are refused",
        arguments: [
            "", "+", "a+", "a+530d903a", "a+530d903a+", "a+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id",
            "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U==",
            "example.com/foo+530d903a+BekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        ]
    )
    func malformed(_ text: String) {
        #expect(throws: TransparencyError.malformedKey) {
            let bytes = [UInt8](text: text)
            _ = try VerifierKey(text: bytes.span)
        }
    }

    @Test("An identifier of another key is refused with both numbers")
    func wrongID() {
        let text = Self.published[0].replacing("530d903a", with: "530d903b")
        let wrong = TransparencyError.wrongKeyID(found: 0x530d_903b, expected: 0x530d_903a)
        #expect(throws: wrong) {
            let bytes = [UInt8](text: text)
            _ = try VerifierKey(text: bytes.span)
        }
    }

    @Test(
        "A name that is empty, with a plus sign or with a space is refused",
        arguments: ["", "a+b", "a b", "a\u{2003}b", "a\nb", "a\u{85}b", "\u{2028}"]
    )
    func badName(_ name: String) {
        #expect(throws: TransparencyError.malformedNote(.keyName)) {
            let bytes = [UInt8](text: name)
            _ = try VerifierKey(name: bytes.span, publicKey: .zero)
        }
    }
}
