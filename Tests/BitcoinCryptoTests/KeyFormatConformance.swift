import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing

@Suite("Vectors: extended keys of HWI", .enabled(if: Vectors.present, Vectors.reason))
struct KeyFormatConformance {
    struct File: Decodable {
        let serialization: [Serialized]
        let deriv: [Step]
        let derivPath: [Step]

        enum CodingKeys: String, CodingKey {
            case serialization, deriv
            case derivPath = "deriv_path"
        }
    }

    struct Serialized: Decodable {
        let xpub: String
        let xprv: String
        let deser: Fields

        struct Fields: Decodable {
            let depth: UInt8
            let parentFingerprint: String
            let childNumber: UInt32
            let chainCode: String
            let pubkey: String
            let privkey: String

            enum CodingKeys: String, CodingKey {
                case depth, pubkey, privkey
                case parentFingerprint = "parent_fingerprint"
                case childNumber = "child_num"
                case chainCode = "chaincode"
            }
        }
    }

    struct Step: Decodable {
        let parentXpub: String
        let parentXprv: String
        let childXpub: String
        let index: UInt32?
        let path: String?

        enum CodingKeys: String, CodingKey {
            case index, path
            case parentXpub = "parent_xpub"
            case parentXprv = "parent_xprv"
            case childXpub = "child_xpub"
        }

        var numbers: [UInt32] { path.map { steps($0) } ?? index.map { [$0] } ?? [] }
    }

    @Test("14 keys: every field is read from both forms, and written back")
    func fields() throws {
        let curve = try Curve()
        let file: File = try Vectors.json("bitcoin/hwi/test_bip32.json")
        for test in file.serialization {
            let key = try ExtendedPublicKey(xpub: test.xpub, curve)
            let fields = test.deser
            #expect(key.depth == fields.depth)
            #expect(key.parentFingerprint.hex == fields.parentFingerprint)
            #expect(key.childNumber == fields.childNumber)
            #expect(key.chainCode.hex == fields.chainCode)
            #expect(key.key.hex == fields.pubkey)
            #expect(try key.xpub() == test.xpub)
            let node = try TestNode(xprv: test.xprv, curve)
            #expect(node.bytes.hex == fields.privkey + fields.chainCode)
            #expect(try node.publicKey(curve) == key)
            #expect(try node.xprv() == test.xprv)
        }
        #expect(file.serialization.count == 14)
    }

    @Test("7 derivations: children of a public key are those of its private key")
    func derivations() throws {
        let curve = try Curve()
        let file: File = try Vectors.json("bitcoin/hwi/test_bip32.json")
        let cases = file.deriv + file.derivPath
        for test in cases {
            var node = try TestNode(xprv: test.parentXprv, curve)
            var key = try ExtendedPublicKey(xpub: test.parentXpub, curve)
            for number in test.numbers {
                try node.descend(number, curve, passingKey: true)
                if number < HD.hardened {
                    key = try key.child(number, curve: curve)
                    #expect(try node.publicKey(curve) == key)
                } else {
                    key = try node.publicKey(curve)
                }
            }
            #expect(!test.numbers.isEmpty)
            #expect(try key.xpub() == test.childXpub)
        }
        #expect(cases.count == 7)
        Vectors.report("hwi/test_bip32", "14 keys, \(cases.count) derivations")
    }
}
