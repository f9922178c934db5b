import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing

/// A file of Wycheproof, with the fields that any of our suites reads.
struct Wycheproof<Group: Decodable>: Decodable {
    let numberOfTests: Int
    let testGroups: [Group]
}

@Suite("Codes and signatures of libsodium")
struct AuthenticationTests {
    @Test("HMAC of RFC 4231, case 2, and over pieces")
    func knownAnswer() {
        let key = [UInt8](text: "Jefe")
        let message = [UInt8](text: "what do ya want for nothing?")
        let code = HMACSHA256.authenticate(key: key.span, message: message.span)
        #expect(
            code.hex == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        )
        let rest = [UInt8](message.dropFirst(5))
        let again = HMACSHA256.authenticate(key: key.span, domain: "what ", message: rest.span)
        #expect(again == code)
        var long = [UInt8](repeating: 0, count: 64)
        var room = long.mutableSpan
        HMACSHA512.authenticate(key: key.span, message: message.span, into: &room)
        #expect(
            long.hex == "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        )
    }

    @Test("An empty key and an empty message have a code")
    func empty() {
        let code = HMACSHA256.authenticate(key: Span(), message: Span())
        #expect(code.hex == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test("Ed25519 of RFC 8032, test 2")
    func edwards() {
        let seed = [UInt8](
            hex: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
        )
        var secret = [UInt8](repeating: 0, count: 64)
        var room = secret.mutableSpan
        let key = Ed25519.makeKey(seed: seed.span, into: &room)
        #expect(key.hex == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        let message: [UInt8] = [0x72]
        let signature = Ed25519.sign(message: message.span, secretKey: secret.span)
        #expect(
            signature.hex == "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        )
        let isGood = Ed25519.verify(signature: signature, message: message.span, publicKey: key)
        #expect(isGood)
        for index in 0..<64 {
            var bent = signature
            bent[index] ^= 1
            let isBent = Ed25519.verify(signature: bent, message: message.span, publicKey: key)
            #expect(!isBent, "byte \(index)")
        }
    }
}

@Suite("Wycheproof: libsodium", .enabled(if: Vectors.present, Vectors.reason))
struct SodiumConformance {
    struct HMACGroup: Decodable {
        let tagSize: Int
        let tests: [Case]

        struct Case: Decodable {
            let tcId: Int
            let key: String
            let msg: String
            let tag: String
            let result: String
        }
    }

    @Test("HMAC-SHA-256: 174 cases")
    func hmac() throws {
        let file: Wycheproof<HMACGroup> = try Vectors.json(
            "bitcoin/wycheproof/hmac_sha256_test.json"
        )
        var count = 0
        for group in file.testGroups {
            for test in group.tests {
                let code = HMACSHA256.authenticate(
                    key: [UInt8](hex: test.key).span,
                    message: [UInt8](hex: test.msg).span
                )
                let isGood = code.hex.hasPrefix(test.tag) && test.tag.count == group.tagSize / 4
                #expect(isGood == (test.result == "valid"), "case \(test.tcId)")
                count += 1
            }
        }
        #expect(count == 174 && count == file.numberOfTests)
        Vectors.report("wycheproof/hmac", "\(count) cases")
    }

    struct SignatureGroup: Decodable {
        let publicKey: Key
        let tests: [Case]

        struct Key: Decodable { let pk: String }

        struct Case: Decodable {
            let tcId: Int
            let msg: String
            let sig: String
            let result: String
        }
    }

    @Test("Ed25519: 151 cases; a signature of another length is none")
    func edwards() throws {
        let file: Wycheproof<SignatureGroup> = try Vectors.json(
            "bitcoin/wycheproof/ed25519_test.json"
        )
        var count = 0
        for group in file.testGroups {
            let key = Bytes32(hex: group.publicKey.pk)
            for test in group.tests {
                let bytes = [UInt8](hex: test.sig)
                let isGood =
                    bytes.count == 64
                    && Ed25519.verify(
                        signature: Bytes64(copying: bytes.span),
                        message: [UInt8](hex: test.msg).span,
                        publicKey: key
                    )
                #expect(isGood == (test.result == "valid"), "case \(test.tcId)")
                count += 1
            }
        }
        #expect(count == 151 && count == file.numberOfTests)
        Vectors.report("wycheproof/ed25519", "\(count) cases")
    }
}
