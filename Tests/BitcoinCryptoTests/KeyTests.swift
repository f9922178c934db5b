import BitcoinCrypto
import Bytes
import TestSupport
import Testing

@Suite("Hierarchical keys")
struct KeyTests {
    @Test("A seed of 16 to 64 bytes has a master key, a shorter or longer one has none")
    func seeds() throws {
        let curve = try Curve()
        for count in [16, 64] {
            _ = try TestNode(seed: [UInt8](repeating: 1, count: count), curve)
        }
        #expect(throws: CryptoError.wrongLength(expected: 16, found: 15)) {
            _ = try TestNode(seed: [UInt8](repeating: 1, count: 15), curve)
        }
        #expect(throws: CryptoError.wrongLength(expected: 64, found: 65)) {
            _ = try TestNode(seed: [UInt8](repeating: 1, count: 65), curve)
        }
    }

    @Test("Public and private derivation agree, with the parent's key given or computed")
    func agreement() throws {
        let curve = try Curve()
        var node = try TestNode(seed: [UInt8](repeating: 3, count: 32), curve)
        for index: UInt32 in [0, 1, 5, 1_000_000, 0x7FFF_FFFF] {
            let parent = try node.publicKey(curve)
            var other = node
            try node.descend(index, curve, passingKey: true)
            try other.descend(index, curve, passingKey: false)
            #expect(node.bytes == other.bytes)
            #expect(try parent.child(index, curve: curve) == node.publicKey(curve))
            #expect(try parent.childKey(index, curve: curve) == node.key(curve))
        }
    }

    @Test("Descending in place is deriving the child, and leaves its scratch wiped")
    func inPlace() throws {
        let curve = try Curve()
        var node = try TestNode(seed: [UInt8](repeating: 3, count: 32), curve)
        var bytes = node.bytes
        for index: UInt32 in [HD.hardened, 7] {
            var scratch = [UInt8](repeating: 1, count: 64)
            var room = bytes.mutableSpan
            var scratchRoom = scratch.mutableSpan
            try HD.descend(&room, index: index, scratch: &scratchRoom, curve: curve)
            try node.descend(index, curve, passingKey: true)
            #expect(bytes == node.bytes)
            #expect(scratch == [UInt8](repeating: 0, count: 64))
        }
    }

    @Test("A hardened child of a public key, and a child of depth 256, are refused")
    func refused() throws {
        let curve = try Curve()
        let node = try TestNode(seed: [UInt8](repeating: 3, count: 32), curve)
        let key = try node.publicKey(curve)
        #expect(throws: CryptoError.hardenedFromPublic) {
            try key.child(HD.hardened, curve: curve)
        }
        let deep = ExtendedPublicKey(
            depth: 255,
            parentFingerprint: .zero,
            childNumber: 0,
            chainCode: key.chainCode,
            key: key.key
        )
        #expect(throws: CryptoError.tooDeep) { try deep.child(0, curve: curve) }
    }

    @Test("A node whose key is no secret has no children, and nothing is left in their place")
    func zeroKey() throws {
        let curve = try Curve()
        let parent = [UInt8](repeating: 0, count: 64)
        var child = [UInt8](repeating: 7, count: 64)
        var room = child.mutableSpan
        #expect(throws: CryptoError.invalidTweak) {
            try HD.deriveChild(
                of: parent.span,
                parentPublicKey: nil,
                index: HD.hardened,
                into: &room,
                curve: curve
            )
        }
        #expect(child == [UInt8](repeating: 0, count: 64))
    }

    @Test("A sentence of a wrong length, word, checksum or spacing is refused")
    func sentences() {
        let eleven = [String](repeating: "abandon", count: 11).joined(separator: " ")
        let cases: [(String, CryptoError)] = [
            ("", .wordCount(1)), (eleven, .wordCount(11)), (eleven + " abandon", .wrongChecksum),
            (eleven + " abou", .unknownWord(at: 11)), (eleven + " aboutx", .unknownWord(at: 11)),
            (eleven + " About", .unknownWord(at: 11)),
            ("x" + eleven + " about", .unknownWord(at: 0)),
            (eleven + "  about", .wordCount(13)), (eleven + " about ", .wordCount(13)),
            (eleven + " about\n", .unknownWord(at: 11)), (eleven + "\tabout", .wordCount(11)),
            (eleven + " " + eleven + " about zoo", .wrongChecksum),
        ]
        for (text, expected) in cases {
            #expect(throws: expected, "\(text)") { try entropy(text) }
        }
    }

    @Test("Entropy of every permitted length comes back; any other length has no sentence")
    func entropyLengths() throws {
        for count in 0...40 {
            let bytes = [UInt8]((0..<count).map { UInt8($0 * 53 & 0xFF) })
            if [16, 20, 24, 28, 32].contains(count) {
                let text = try sentence(bytes)
                #expect(text.split(separator: " ").count == count * 3 / 4)
                #expect(try entropy(text) == bytes)
            } else {
                #expect(throws: CryptoError.wordCount(count)) { try sentence(bytes) }
            }
        }
    }

    @Test("A passphrase is hashed byte for byte: its form is the business of whoever typed it")
    func passphrase() throws {
        // By Python's hashlib: "né" with é as one character, and as e with an accent behind it.
        let cases = [
            (
                "n\u{E9}",
                "5ff011dc38cd6dba2c0e1f171e53d8d43978099afb185eee34c2f21eaca7345c"
                    + "c76608f7198767167fd30dd49c885669b43dcc2a3fcf04c28cf3eb00e34c5790"
            ),
            (
                "ne\u{301}",
                "81fddf14de76ac6a367549f9b62efb86f405c30072dca836e344d16de8b420bd"
                    + "8137c5ae2dad65a8527532d4b6709cc96a719c9f497f05c3663bbdadeb5bb696"
            ),
        ]
        for (passphrase, expected) in cases {
            #expect(try seed("zoo", passphrase) == [UInt8](hex: expected))
        }
    }

    @Test("WIF keys of Bitcoin Core's own tests make its known deterministic signatures")
    func coreSignatures() throws {
        let curve = try Curve()
        let digest = SHA256.doubleHash([UInt8](text: "Very deterministic message").span)
        let cases = [
            (
                "5HxWvvfubhXpYYpS3tJkw6fq9jE9j18THftkZjHHfmFiWtmAbrj",
                "304402205dbbddda71772d95ce91cd2d14b592cfbc1dd0aabd6a394b6c2d377bbe59d31d"
                    + "022014ddda21494a4e221f0824f0b8b924c43fa43c0ad57dccdaa11f81a6bd4582f6"
            ),
            (
                "5KC4ejrDjv152FGwP386VD1i2NYc5KkfSMyv1nGy1VGDxGHqVY3",
                "3044022052d8a32079c11e79db95af63bb9600c5b04f21a9ca33dc129c2bfa8ac9dc1cd5"
                    + "022061d8ae5e0f6c1a16bde3719c64c2fd70e404b6428ab9a69566962e8771b5944d"
            ),
        ]
        for (text, expected) in cases {
            let payload = try base58CheckBytes(text)
            #expect(payload[0] == 0x80)
            let secret = [UInt8](payload[1..<33])
            let signature = try curve.signECDSA(digest: digest, secret: secret.span)
            let der = try written { writer throws(CryptoError) in
                try curve.writeDER(signature, into: &writer)
            }
            #expect(der.hex == expected)
        }
    }
}
