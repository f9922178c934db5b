import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing

@Suite("Vectors: keys", .enabled(if: Vectors.present, Vectors.reason))
struct KeyConformance {
    struct BIP32: Decodable {
        let valid: [Seed]
        let invalid: [Invalid]

        struct Seed: Decodable {
            let seed: String
            let chains: [Chain]
        }

        struct Chain: Decodable {
            let path: String
            let xpub: String
            let xprv: String
        }

        struct Invalid: Decodable {
            let key: String
        }
    }

    @Test("BIP-32: 4 seeds with 17 chains, derived, written and read back")
    func chains() throws {
        let curve = try Curve()
        let file: BIP32 = try Vectors.json("bitcoin/bip-0032/bip32_vectors.json")
        var count = 0
        for test in file.valid {
            for chain in test.chains {
                var node = try TestNode(seed: [UInt8](hex: test.seed), curve)
                for step in steps(chain.path) {
                    try node.descend(step, curve, passingKey: count.isMultiple(of: 2))
                }
                let key = try node.publicKey(curve)
                #expect(try node.xprv() == chain.xprv)
                #expect(try key.xpub() == chain.xpub)
                #expect(try ExtendedPublicKey(xpub: chain.xpub, curve) == key)
                let again = try TestNode(xprv: chain.xprv, curve)
                #expect(again.bytes == node.bytes && again.place == node.place)
                count += 1
            }
        }
        #expect(file.valid.count == 4 && count == 17)
    }

    @Test("BIP-32: all 16 invalid keys are refused, as public and as private ones")
    func invalid() throws {
        let curve = try Curve()
        let file: BIP32 = try Vectors.json("bitcoin/bip-0032/bip32_vectors.json")
        for test in file.invalid {
            #expect(throws: CryptoError.self, "\(test.key)") {
                _ = try ExtendedPublicKey(xpub: test.key, curve)
            }
            #expect(throws: CryptoError.self, "\(test.key)") {
                _ = try TestNode(xprv: test.key, curve)
            }
        }
        #expect(file.invalid.count == 16)
        Vectors.report("bip-0032", "4 seeds with 17 chains, 16 keys refused")
    }

    @Test("BIP-39: 24 sentences to entropy and back, to seeds and master keys; 2,048 words")
    func mnemonics() throws {
        let curve = try Curve()
        let cases: [[String]] = try Vectors.json("bitcoin/bip-0039/vectors_english.json")
        for test in cases {
            #expect(try entropy(test[1]).hex == test[0])
            #expect(try sentence([UInt8](hex: test[0])) == test[1])
            let seed = try seed(test[1], "TREZOR")
            #expect(seed.hex == test[2])
            #expect(try TestNode(seed: seed, curve).xprv() == test[3])
        }
        #expect(cases.count == 24)
        Vectors.report("bip-0039", "\(cases.count) mnemonics")

        let list = try String(
            decoding: Vectors.data("bitcoin/bip-0039/english.txt"),
            as: UTF8.self
        ).split(separator: "\n")
        #expect(list.count == 2_048)
        for (index, word) in list.enumerated() {
            // Eleven bits of the word, then zeros: the first word of the sentence.
            let first = [UInt8(index >> 3), UInt8(index & 7) << 5]
            let text = try sentence(first + [UInt8](repeating: 0, count: 14))
            #expect(text.hasPrefix(word + " "))
        }
    }

    struct Account: Decodable {
        let section: String
        let mnemonic: String?
        let rootpriv: String?
        let rootpub: String?
        let xpriv: String?
        let xprv: String?
        let xpub: String?
        let pubkey: String?
        let address: String?
        let internalKey: String?
        let outputKey: String?

        enum CodingKeys: String, CodingKey {
            case section, mnemonic, rootpriv, rootpub, xpriv, xprv, xpub, pubkey, address
            case internalKey = "internal_key"
            case outputKey = "output_key"
        }

        var path: [UInt32] {
            section.components(separatedBy: " = ").dropFirst().first.map { steps($0) } ?? []
        }
    }

    private func node(
        _ root: TestNode,
        _ path: [UInt32],
        _ curve: borrowing Curve
    ) throws -> TestNode {
        var node = root
        for step in path {
            try node.descend(step, curve, passingKey: true)
        }
        return node
    }

    @Test("BIP-84: 1 account, 3 keys with their addresses (version bytes zprv and zpub)")
    func segwitAccount() throws {
        let curve = try Curve()
        let cases: [Account] = try Vectors.json("bitcoin/bip-0084/vectors.json")
        let root = try TestNode(seed: seed(#require(cases[0].mnemonic)), curve)
        let (zprv, zpub): (UInt32, UInt32) = (0x04B2_430C, 0x04B2_4746)
        #expect(try root.xprv(version: zprv) == cases[0].rootpriv)
        #expect(try root.publicKey(curve).xpub(version: zpub) == cases[0].rootpub)
        let account = try node(root, cases[1].path, curve)
        #expect(try account.xprv(version: zprv) == cases[1].xpriv)
        #expect(try account.publicKey(curve).xpub(version: zpub) == cases[1].xpub)
        for test in cases[2...] {
            let key = try node(root, test.path, curve).key(curve)
            #expect(key.hex == test.pubkey)
            let text = try written { writer throws(CryptoError) in
                try SegwitAddress.encode(
                    prefix: [UInt8](text: "bc").span,
                    version: 0,
                    program: hash160(key.span).span,
                    into: &writer
                )
            }
            #expect(String(decoding: text, as: UTF8.self) == test.address)
        }
        #expect(cases.count == 5)
        Vectors.report("bip-0084", "1 account, 3 addresses")
    }

    @Test("BIP-86: 1 account, 3 output keys with their addresses")
    func taprootAccount() throws {
        let curve = try Curve()
        let cases: [Account] = try Vectors.json("bitcoin/bip-0086/vectors.json")
        let root = try TestNode(seed: seed(#require(cases[0].mnemonic)), curve)
        #expect(try root.xprv() == cases[0].rootpriv)
        #expect(try root.publicKey(curve).xpub() == cases[0].rootpub)
        for test in cases[1...] {
            let found = try node(root, test.path, curve)
            #expect(try found.xprv() == test.xprv)
            let key = try found.publicKey(curve)
            #expect(try key.xpub() == test.xpub)
            guard let internalKey = test.internalKey else { continue }
            #expect(key.key.xOnly.hex == internalKey)
            let output = try curve.taprootOutputKey(internalKey: key.key, merkleRoot: nil)
            #expect(output.hex == test.outputKey)
            let text = try written { writer throws(CryptoError) in
                try SegwitAddress.encode(
                    prefix: [UInt8](text: "bc").span,
                    version: 1,
                    program: output.span,
                    into: &writer
                )
            }
            #expect(String(decoding: text, as: UTF8.self) == test.address)
        }
        #expect(cases.count == 5)
        Vectors.report("bip-0086", "1 account, 3 addresses")
    }

    struct Derivations: Decodable {
        let mnemonic: String
        let vectors: [Derivation]

        struct Derivation: Decodable {
            let path: String
            let xpub: String
        }
    }

    @Test("HWI: 240 keys derived from 8 sentences")
    func derivations() throws {
        let curve = try Curve()
        let files: [Derivations] = try Vectors.json("bitcoin/hwi/bip32_vectors.json")
        var count = 0
        for file in files {
            let root = try TestNode(seed: seed(file.mnemonic), curve)
            for test in file.vectors {
                let key = try node(root, steps(test.path), curve).publicKey(curve)
                #expect(try key.xpub() == test.xpub, "\(test.path)")
                count += 1
            }
        }
        #expect(count == 240)
        Vectors.report("hwi/bip32_vectors", "\(count) derived keys")
    }
}
