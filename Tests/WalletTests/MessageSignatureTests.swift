import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing
import Wallet

@Suite("Signatures of messages as text, and what is said of them")
struct MessageSignatureTests {
    private struct File: Decodable {
        struct Good: Decodable {
            let message: String
            let address: String
            let bip322_signatures: [String]
        }
        struct Bad: Decodable {
            let message: String
            let address: String
            let signature: String
        }
        let simple: [Good]
        let error: [Bad]
    }

    private static func verdict(
        _ signature: String,
        _ text: String,
        _ address: String
    ) throws -> MessageVerdict? {
        let script = try AddressText.read(address, network: .main)
        guard let read = MessageSignature(signature) else { return nil }
        return try MessageVerifier(text: Array(text.utf8), script: script).verdict(on: read)
    }

    private static func isInvalid(_ verdict: MessageVerdict?) -> Bool {
        guard let verdict else { return true }
        guard case .invalid = verdict else { return false }
        return true
    }

    @Test("The vectors of BIP-322", .enabled(if: Vectors.present, Vectors.reason))
    func vectors() throws {
        let file: File = try Vectors.json("bitcoin/bip-0322/basic-test-vectors.json")
        var (good, bad) = (0, 0)
        for row in file.simple {
            for signature in row.bip322_signatures {
                let verdict = try Self.verdict(signature, row.message, row.address)
                #expect(verdict == .valid(lockTime: 0, sequence: 0))
                let other = try Self.verdict(signature, row.message + " ", row.address)
                #expect(Self.isInvalid(other))
                let text = try #require(MessageSignature(signature)).text
                #expect(text == (signature.hasPrefix("smp") ? signature : "smp" + signature))
                good += 1
            }
        }
        for row in file.error {
            #expect(Self.isInvalid(try Self.verdict(row.signature, row.message, row.address)))
            bad += 1
        }
        print("bip-0322: \(good) of 6 signatures good, \(bad) of 8 errors refused")
        #expect(good == 6 && bad == 8)
    }

    @Test("Every bit of a simple signature matters")
    func bits() throws {
        let text =
            "smpAkcwRAIgM2gBAQqvZX15ZiysmKmQpDrG83avLIT492QBzLnQIxYCIBaTpOaD20qRlEylyxFSeEA2ba9YOi"
            + "xpX8z46TSDtS40ASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI="
        let script = try AddressText.read(
            "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l",
            network: .main
        )
        let verifier = try MessageVerifier(text: [], script: script)
        guard case .simple(let items) = try #require(MessageSignature(text)) else {
            Issue.record("a simple signature")
            return
        }
        #expect(verifier.verdict(on: .simple(items)) == .valid(lockTime: 0, sequence: 0))
        for item in items.indices {
            for place in 0..<8 * items[item].count {
                var spoiled = items
                spoiled[item][place / 8] ^= 1 << UInt8(place % 8)
                let verdict = verifier.verdict(on: .simple(spoiled))
                #expect(Self.isInvalid(verdict), "item \(item), bit \(place)")
            }
        }
        #expect(Self.isInvalid(verifier.verdict(on: .simple([]))))
        #expect(Self.isInvalid(verifier.verdict(on: .simple(items + [[1]]))))
    }

    @Test(
        "A legacy signature is that of its key, for each header that fits the kind",
        arguments: [OutputKind.p2pkh, .p2shP2WPKH, .p2wpkh]
    )
    func legacy(kind: OutputKind) throws {
        let curve = try Curve(blindingSeed: nil)
        let secret = [UInt8](repeating: 7, count: 32)
        let key = try curve.publicKey(ofSecret: secret.span)
        let text = Array("old but gold".utf8)
        let digest = SignedMessage.legacyDigest(text.span)
        let signature = try curve.signECDSA(digest: digest, secret: secret.span, publicKey: key)
        let script = try ScriptTemplate.script(kind, publicKey: key, curve: curve)
        let bytes = [UInt8](copying: script.bytes)
        let found = MessageSignature.legacy(
            signature,
            of: text,
            kind: kind,
            key: key,
            curve: curve
        )
        let made = try #require(found)
        let read = try #require(MessageSignature(made.text))
        #expect(read == made)
        let verifier = try MessageVerifier(text: text, script: bytes)
        #expect(verifier.verdict(on: read) == .valid(lockTime: 0, sequence: 0))
        let other = try MessageVerifier(text: text + [33], script: bytes)
        #expect(Self.isInvalid(other.verdict(on: read)))
        let wrong = try MessageVerifier(text: text, script: bytes.map { $0 ^ 1 })
        #expect(Self.isInvalid(wrong.verdict(on: read)))
        for header in [0, 26, 43, 255] as [UInt8] {
            #expect(Self.isInvalid(verifier.verdict(on: .legacy(header: header, signature))))
        }
        let stranger = try curve.publicKey(ofSecret: [UInt8](repeating: 8, count: 32).span)
        let none = MessageSignature.legacy(
            signature,
            of: text,
            kind: kind,
            key: stranger,
            curve: curve
        )
        #expect(none == nil)
    }

    @Test(
        "Text that is no signature",
        arguments: ["", "smp", "ful", "pof", "smp!", "fulAAAA", "pofAAAA", "AA", "AAAA="]
    )
    func noSignature(text: String) throws {
        let address = "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l"
        #expect(Self.isInvalid(try Self.verdict(text, "", address)))
    }
}
