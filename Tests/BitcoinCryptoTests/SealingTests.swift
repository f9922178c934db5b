import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing

@Suite("Sealing and password hashes")
struct SealingTests {
    private let key = [UInt8](repeating: 1, count: 32)
    private let nonce = [UInt8](repeating: 2, count: 24)

    private func sealed(_ plain: [UInt8], _ extra: [UInt8]) throws -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: plain.count + 16)
        var room = sealed.mutableSpan
        try XChaCha20Poly1305.seal(
            plain.span,
            associatedData: extra.span,
            nonce: nonce.span,
            key: key.span,
            into: &room
        )
        return sealed
    }

    private func opened(
        _ sealed: [UInt8],
        _ extra: [UInt8],
        key: [UInt8],
        count: Int? = nil
    ) throws(CryptoError) -> [UInt8] {
        var plain = [UInt8](repeating: 9, count: count ?? sealed.count - 16)
        var room = plain.mutableSpan
        try XChaCha20Poly1305.open(
            sealed.span,
            associatedData: extra.span,
            nonce: nonce.span,
            key: key.span,
            into: &room
        )
        return plain
    }

    @Test("What was sealed opens; any changed byte of text, tag, data or key is noticed")
    func tampering() throws {
        let plain = [UInt8](1...40)
        let extra = [UInt8](1...10)
        let text = try sealed(plain, extra)
        #expect(try opened(text, extra, key: key) == plain)
        for index in text.indices {
            var other = text
            other[index] ^= 0x80
            #expect(throws: CryptoError.authenticationFailed) {
                try opened(other, extra, key: key)
            }
        }
        var otherKey = key
        otherKey[31] ^= 1
        #expect(throws: CryptoError.authenticationFailed) {
            try opened(text, extra, key: otherKey)
        }
        #expect(throws: CryptoError.authenticationFailed) {
            try opened(text, [UInt8](extra.dropLast()), key: key)
        }
        #expect(try opened(sealed([], []), [], key: key) == [])
    }

    @Test("A room, key or nonce of another length is refused")
    func lengths() throws {
        let text = try sealed([1, 2, 3], [])
        #expect(throws: CryptoError.wrongLength(expected: 18, found: 19)) {
            try opened(text, [], key: key, count: 2)
        }
        #expect(throws: CryptoError.wrongLength(expected: 32, found: 31)) {
            try opened(text, [], key: [UInt8](key.dropLast()))
        }
        var room = [UInt8](repeating: 0, count: 16)
        var span = room.mutableSpan
        #expect(throws: CryptoError.wrongLength(expected: 24, found: 12)) {
            try XChaCha20Poly1305.seal(
                Span(),
                associatedData: Span(),
                nonce: nonce.span.extracting(0..<12),
                key: key.span,
                into: &span
            )
        }
    }

    private func argon2id(
        passes: UInt32,
        memoryKiB: UInt32,
        count: Int = 32,
        salt: Int = 16
    ) throws(CryptoError) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: count)
        var room = key.mutableSpan
        try Argon2id.derive(
            password: [UInt8](text: "correct horse").span,
            salt: [UInt8](0..<UInt8(salt)).span,
            passes: passes,
            memoryKiB: memoryKiB,
            into: &room
        )
        return key
    }

    /// The expected values were computed with argon2-cffi 25.1.0 (the reference C code), one lane.
    @Test("Argon2id agrees with the reference program, also at its least and most passes")
    func argon2() throws {
        #expect(
            try argon2id(passes: 1, memoryKiB: 8_192).hex
                == "68aa6b3e6343f355586e5dd84710fb380cc542b0a47fa8a06ad81318fa48e3b3"
        )
        #expect(
            try argon2id(passes: 3, memoryKiB: 65_536).hex
                == "e3c889ca40ed01e6b6771fc8a5bf16e35ad60b41c9bd5d7e6d63adf51e50b0fd"
        )
        #expect(
            try argon2id(passes: 16, memoryKiB: 8_192, count: 16).hex
                == "b44e494ce13d5855ddc1444ba63e54dc"
        )
    }

    @Test("Argon2id parameters outside their bounds are refused before any work")
    func argon2Bounds() {
        let cases: [(UInt32, UInt32)] = [
            (0, 8_192), (17, 8_192), (1, 8_191), (1, 1_048_577), (UInt32.max, 8_192),
            (1, UInt32.max),
        ]
        for (passes, memory) in cases {
            #expect(throws: CryptoError.parametersOutOfRange) {
                try argon2id(passes: passes, memoryKiB: memory)
            }
        }
        #expect(throws: CryptoError.parametersOutOfRange) {
            try argon2id(passes: 1, memoryKiB: 8_192, count: 15)
        }
        #expect(throws: CryptoError.wrongLength(expected: 16, found: 15)) {
            try argon2id(passes: 1, memoryKiB: 8_192, salt: 15)
        }
    }

    private func pbkdf2(rounds: UInt32, count: Int) throws(CryptoError) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: count)
        var room = key.mutableSpan
        try PBKDF2.hmacSHA512(
            password: [UInt8](text: "password").span,
            salt: [UInt8](text: "sa").span,
            [UInt8](text: "lt").span,
            rounds: rounds,
            into: &room
        )
        return key
    }

    /// The second value was computed with Python's hashlib (OpenSSL).
    @Test("PBKDF2 gives the known keys, also longer than one block; no rounds are refused")
    func pbkdf2() throws {
        #expect(
            try pbkdf2(rounds: 1, count: 64).hex
                == "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252"
                + "c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce"
        )
        #expect(
            try pbkdf2(rounds: 3, count: 100).hex
                == "b6b07cb2cebf4ad84468391a543824fccffe0e0769dbe6bddf10a65673c4b648"
                + "e612d44918f9ce9a19a1294cf5140628084ba994c3b21a4ef4741220b811c633"
                + "cfc0641fccbcc4164f1bbfcb1f33f595ae9aa4a33ddcce570157775980362c0e"
                + "e28aa340"
        )
        #expect(throws: CryptoError.parametersOutOfRange) { try pbkdf2(rounds: 0, count: 64) }
    }
}

@Suite("Wycheproof: XChaCha20-Poly1305", .enabled(if: Vectors.present, Vectors.reason))
struct SealingConformance {
    struct Group: Decodable {
        let tests: [Case]

        struct Case: Decodable {
            let tcId: Int
            let key: String
            let iv: String
            let aad: String
            let msg: String
            let ct: String
            let tag: String
            let result: String
        }
    }

    @Test("315 cases, sealed byte for byte where valid")
    func sealing() throws {
        let file: Wycheproof<Group> = try Vectors.json(
            "bitcoin/wycheproof/xchacha20_poly1305_test.json"
        )
        var count = 0
        for test in file.testGroups.flatMap(\.tests) {
            #expect(isGood(test) == (test.result == "valid"), "case \(test.tcId)")
            count += 1
        }
        #expect(count == 315 && count == file.numberOfTests)
        Vectors.report("wycheproof/xchacha20_poly1305", "\(count) cases")
    }

    private func isGood(_ test: Group.Case) -> Bool {
        let sealed = [UInt8](hex: test.ct + test.tag)
        let extra = [UInt8](hex: test.aad)
        let (nonce, key) = ([UInt8](hex: test.iv), [UInt8](hex: test.key))
        var plain = [UInt8](repeating: 0, count: max(0, sealed.count - 16))
        var again = [UInt8](repeating: 0, count: sealed.count)
        do throws(CryptoError) {
            var room = plain.mutableSpan
            try XChaCha20Poly1305.open(
                sealed.span,
                associatedData: extra.span,
                nonce: nonce.span,
                key: key.span,
                into: &room
            )
            var sealedRoom = again.mutableSpan
            try XChaCha20Poly1305.seal(
                plain.span,
                associatedData: extra.span,
                nonce: nonce.span,
                key: key.span,
                into: &sealedRoom
            )
        } catch {
            return false
        }
        return plain.hex == test.msg && again == sealed
    }
}
