import BitcoinCrypto
import Bytes
import CSecp256k1
import TestSupport
import Testing

@Suite("Curve")
struct CurveTests {
    static let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
    static let generator = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"

    @Test("The key of secret 1 is the generator; of order less 1 its negative")
    func keys() throws {
        let curve = try Curve()
        let one = [UInt8](hex: String(repeating: "0", count: 63) + "1")
        let last = [UInt8](hex: Self.order.dropLast() + "0")
        #expect(try curve.publicKey(ofSecret: one.span).hex == Self.generator)
        #expect(try curve.publicKey(ofSecret: last.span).hex == "03" + Self.generator.dropFirst(2))
    }

    @Test("Zero, the order and anything over it are no secrets")
    func badSecrets() throws {
        let curve = try Curve()
        let zero = String(repeating: "00", count: 32)
        for text in [zero, Self.order, String(repeating: "ff", count: 32)] {
            let secret = [UInt8](hex: text)
            #expect(throws: CryptoError.invalidSecretKey) {
                try curve.publicKey(ofSecret: secret.span)
            }
            #expect(throws: CryptoError.signingFailed) {
                try curve.signECDSA(digest: .zero, secret: secret.span)
            }
            #expect(throws: CryptoError.signingFailed) {
                try curve.signSchnorr(digest: .zero, secret: secret.span)
            }
        }
    }

    @Test("Only 33 bytes, or 65 that begin with 4, of a point are a key")
    func keyForms() throws {
        let curve = try Curve()
        let x = String(Self.generator.dropFirst(2))
        let y = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
        #expect(try curve.compress([UInt8](hex: Self.generator).span).hex == Self.generator)
        #expect(try curve.compress([UInt8](hex: "04" + x + y).span).hex == Self.generator)
        let wrongY = String(y.dropLast()) + "9"
        let noPoint = "02" + String(repeating: "0", count: 63) + "5"
        let bad = ["06" + x + y, "04" + x + wrongY, "05" + x, noPoint, x, "", "02" + x + "00"]
        for text in bad {
            #expect(throws: CryptoError.invalidPublicKey) {
                try curve.compress([UInt8](hex: text).span)
            }
        }
    }

    @Test("A blinded curve makes the same keys and signatures; a short seed is refused")
    func blinding() throws {
        let seed = [UInt8](repeating: 9, count: 32)
        let secret = [UInt8](repeating: 5, count: 32)
        let plain = try Curve()
        let blinded = try Curve(blindingSeed: seed.span)
        let left = try plain.signECDSA(digest: .zero, secret: secret.span)
        let right = try blinded.signECDSA(digest: .zero, secret: secret.span)
        #expect(left == right)
        #expect(throws: CryptoError.wrongLength(expected: 32, found: 31)) {
            _ = try Curve(blindingSeed: seed.span.extracting(0..<31))
        }
    }

    @Test("ECDSA signatures are those of a plain loop over the library, counter as in Core")
    func grinding() throws {
        let curve = try Curve()
        var secret = [UInt8](repeating: 1, count: 32)
        var triesMax = 0
        for round in 0..<100 {
            secret[31] = UInt8(round + 1)
            let digest = SHA256.hash(secret.span)
            let key = try curve.publicKey(ofSecret: secret.span)
            let signature = try curve.signECDSA(
                digest: digest,
                secret: secret.span,
                publicKey: key
            )
            let (expected, tries) = ground(digest: digest.array, secret: secret)
            #expect(signature.array == expected)
            #expect(try curve.signECDSA(digest: digest, secret: secret.span) == signature)
            #expect(signature[0] < 0x80 && signature[32] < 0x80)
            triesMax = max(triesMax, tries)
        }
        #expect(triesMax > 3)
    }

    /// What Bitcoin Core's `CKey::Sign` does, written down again without our code.
    private func ground(digest: [UInt8], secret: [UInt8]) -> ([UInt8], Int) {
        guard let context = unsafe secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)) else {
            return ([], 0)
        }
        defer { unsafe secp256k1_context_destroy(context) }
        var compact = [UInt8](repeating: 0, count: 64)
        var extra = [UInt8](repeating: 0, count: 32)
        var tries = 0
        repeat {
            var signature = secp256k1_ecdsa_signature()
            extra[0] = UInt8(tries)
            let data = tries == 0 ? nil : extra
            let good = unsafe data.withNullable { pointer in
                unsafe secp256k1_ecdsa_sign(context, &signature, digest, secret, nil, pointer)
            }
            guard good == 1 else { return ([], 0) }
            _ = unsafe secp256k1_ecdsa_signature_serialize_compact(context, &compact, &signature)
            tries += 1
        } while compact[0] >= 0x80
        return (compact, tries)
    }

    @Test("A public key that is not the secret's makes no signature")
    func wrongKey() throws {
        let curve = try Curve()
        let secret = [UInt8](repeating: 5, count: 32)
        let other = [UInt8](repeating: 6, count: 32)
        let otherKey = try curve.publicKey(ofSecret: other.span)
        #expect(throws: CryptoError.signingFailed) {
            try curve.signECDSA(digest: .zero, secret: secret.span, publicKey: otherKey)
        }
        let key = try curve.publicKey(ofSecret: secret.span)
        let output = try curve.taprootOutputKey(internalKey: otherKey, merkleRoot: nil)
        #expect(throws: CryptoError.signingFailed) {
            try curve.signTaproot(
                digest: .zero,
                secret: secret.span,
                publicKey: key,
                merkleRoot: nil,
                outputKey: output
            )
        }
    }

    @Test("A bent signature, digest or key does not verify")
    func bent() throws {
        let curve = try Curve()
        let secret = [UInt8](repeating: 5, count: 32)
        let digest = Bytes32(repeating: 3)
        let key = try curve.publicKey(ofSecret: secret.span)
        let ecdsa = try curve.signECDSA(digest: digest, secret: secret.span)
        let schnorr = try curve.signSchnorr(digest: digest, secret: secret.span)
        func verify(_ e: Bytes64, _ s: Bytes64, _ d: Bytes32) -> [Bool] {
            [
                curve.verifyECDSA(signature: e, digest: d, publicKey: key.span),
                curve.verifySchnorr(signature: s, digest: d, publicKey: key.xOnly),
            ]
        }
        #expect(verify(ecdsa, schnorr, digest) == [true, true])
        #expect(verify(ecdsa, schnorr, .zero) == [false, false])
        for index in 0..<64 {
            var (e, s) = (ecdsa, schnorr)
            e[index] ^= 1
            s[index] ^= 1
            #expect(verify(e, s, digest) == [false, false])
        }
    }

    @Test("The tweaked secret's key is the output key, whichever parity the internal key has")
    func taprootSecret() throws {
        let curve = try Curve()
        var parities: Set<UInt8> = []
        for round in 1...20 {
            var secret = [UInt8](repeating: UInt8(round), count: 32)
            let original = secret
            let key = try curve.publicKey(ofSecret: secret.span)
            parities.insert(key[0])
            for root in [nil, Bytes32(repeating: 8)] {
                secret = original
                var room = secret.mutableSpan
                try curve.tweakTaprootSecret(&room, publicKey: key, merkleRoot: root)
                let output = try curve.taprootOutput(internalKey: key.xOnly, merkleRoot: root)
                let tweaked = try curve.publicKey(ofSecret: secret.span)
                #expect(tweaked.xOnly == output.key)
                #expect((tweaked[0] == 3) == output.isOdd)
                let signature = try curve.signTaproot(
                    digest: .zero,
                    secret: original.span,
                    publicKey: key,
                    merkleRoot: root,
                    outputKey: output.key
                )
                #expect(try curve.signSchnorr(digest: .zero, secret: secret.span) == signature)
            }
        }
        #expect(parities == [2, 3])
    }

    @Test("DER and compact form name the same signature; a sign bit or a stray byte is refused")
    func der() throws {
        let curve = try Curve()
        let signature = try curve.signECDSA(digest: .zero, secret: Bytes32(repeating: 5).span)
        var der: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 72)
        var span = room.mutableSpan
        var writer = ByteWriter(&span)
        try curve.writeDER(signature, into: &writer)
        der = writer.written.array
        #expect(der.count <= 70)
        #expect(try curve.compact(fromDER: der.span) == signature)
        #expect(throws: CryptoError.invalidSignature) {
            try curve.compact(fromDER: (der + [0]).span)
        }
        #expect(throws: CryptoError.invalidSignature) {
            try curve.compact(fromDER: der.span.extracting(1...))
        }
    }
}

extension Array<UInt8>? {
    /// Lends the pointer of an array, or nil.
    @unsafe fileprivate func withNullable<Result>(
        _ body: (UnsafeRawPointer?) -> Result
    ) -> Result {
        guard let self else { return body(nil) }
        return unsafe self.withUnsafeBytes { memory in unsafe body(memory.baseAddress) }
    }
}
