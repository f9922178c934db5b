import Bitcoin
import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing
import Wallet

/// The vectors of BIP-380 to 390. Private keys are read because some have them.
@Suite("Descriptor vectors", .enabled(if: Vectors.present, Vectors.reason))
struct DescriptorVectorTests {
    struct Row: Decodable {
        let expr: String
        let valid: Bool
        let comment: String
        let yields: [String]?
    }

    static func read(
        _ text: String,
        _ curve: borrowing Curve
    ) throws(DescriptorError)
        -> OutputDescriptor
    {
        let keys = KeyExpressionParser(network: .main, privateKeys: .accepted)
        return try OutputDescriptor(text, keys, curve: curve)
    }

    /// The descriptor, or nothing where it is refused.
    static func reading(_ text: String, _ curve: borrowing Curve) -> OutputDescriptor? {
        do throws(DescriptorError) {
            return try read(text, curve)
        } catch {
            return nil
        }
    }

    private func rows(_ bip: Int) throws -> [Row] {
        try Vectors.json("bitcoin/bip-0\(bip)/descriptor_vectors.json")
    }

    @Test("BIP-380: 8 checksums and 37 key expressions")
    func keyExpressions() throws {
        let curve = try Curve()
        let all = try rows(380)
        #expect(all.count == 45)
        #expect(all.count { $0.valid } == 23)
        for row in all.prefix(8) {
            #expect((Self.reading(row.expr, curve) != nil) == row.valid, "\(row.comment)")
        }
        for row in all.dropFirst(8) {
            let found = Self.reading("pk(\(row.expr))", curve)
            #expect((found != nil) == row.valid, "\(row.comment): \(row.expr)")
            guard let found else { continue }
            let again = try Self.read(found.textWithChecksum, curve)
            #expect(again == found, "\(row.expr)")
        }
        Vectors.report("bip-0380", "23 valid, 22 invalid")
    }

    @Test(
        "BIP-381 to 390: what is valid gives the scripts, what is invalid is refused",
        arguments: [
            (381, 21, 17), (382, 23, 12), (383, 13, 9), (384, 7, 4), (385, 10, 4), (386, 10, 6),
            (387, 13, 6), (390, 20, 6),
        ]
    )
    func scripts(bip: Int, count: Int, validCount: Int) throws {
        let curve = try Curve()
        let all = try rows(bip)
        #expect(all.count == count)
        #expect(all.count { $0.valid } == validCount)
        var scriptCount = 0
        for row in all {
            let found = Self.reading(row.expr, curve)
            #expect((found != nil) == row.valid, "\(row.comment): \(row.expr)")
            guard let found else { continue }
            #expect(try Self.read(found.textWithChecksum, curve) == found, "\(row.expr)")
            let expected = row.yields ?? []
            var scripts: [String] = []
            for index in 0..<UInt32(found.isRanged ? 3 : 1) where scripts.count < expected.count {
                let outputs = try found.outputs(place: 0, index: index, curve: curve)
                scripts += outputs.map(\.script.hex)
            }
            guard !expected.isEmpty else { continue }
            #expect(scripts == expected, "\(row.expr)")
            scriptCount += scripts.count
        }
        #expect(scriptCount > 0)
        Vectors.report(
            "bip-0\(bip)",
            "\(validCount) valid, \(count - validCount) invalid, \(scriptCount) scripts"
        )
    }

    @Test("BIP-389: a multipath descriptor is several descriptors")
    func multipath() throws {
        let curve = try Curve()
        let all = try rows(389)
        #expect(all.count == 14)
        #expect(all.count { $0.valid } == 6)
        for row in all {
            let found = Self.reading(row.expr, curve)
            #expect((found != nil) == row.valid, "\(row.comment): \(row.expr)")
            guard let found else { continue }
            var places: [String] = []
            for place in 0..<found.placeCount {
                places.append(try found.atPlace(place).text)
            }
            #expect(places == row.yields, "\(row.expr)")
        }
        Vectors.report("bip-0389", "6 valid, 8 invalid")
    }

    struct Synthetic: Decodable {
        let aggregate_pubkey: String
        let keys: [String]
        let xpub: String
    }

    @Test("BIP-328: the synthetic extended keys of three aggregates")
    func syntheticKeys() throws {
        let curve = try Curve()
        let cases: [Synthetic] = try Vectors.json("bitcoin/bip-0328/vectors.json")
        #expect(cases.count == 3)
        for one in cases {
            let keys = one.keys.flatMap { [UInt8](hex: $0) }
            let aggregate = try KeyAggregation.aggregate(keys.span, curve: curve)
            #expect(aggregate.hex == one.aggregate_pubkey)
            let key = KeyAggregation.extendedKey(aggregate)
            #expect(ExtendedKeyText.write(key, network: .main) == one.xpub)
        }
        Vectors.report("bip-0328", "\(cases.count) extended keys")
    }

    struct Aggregation: Decodable {
        struct Valid: Decodable {
            let key_indices: [Int]
            let expected: String
        }
        struct Invalid: Decodable {
            let key_indices: [Int]
            let tweak_indices: [Int]
        }
        let pubkeys: [String]
        let valid_test_cases: [Valid]
        let error_test_cases: [Invalid]
    }

    @Test("BIP-327: KeyAgg of 4 lists, and 3 lists with keys that are none")
    func aggregation() throws {
        let curve = try Curve()
        let file: Aggregation = try Vectors.json("bitcoin/bip-0327/key_agg_vectors.json")
        #expect(file.valid_test_cases.count == 4)
        for one in file.valid_test_cases {
            let keys = one.key_indices.flatMap { [UInt8](hex: file.pubkeys[$0]) }
            let aggregate = try KeyAggregation.aggregate(keys.span, curve: curve)
            #expect(aggregate.xOnly.hex == one.expected.lowercased())
        }
        // The other two error cases are about tweaks, which descriptors do not have.
        let invalid = file.error_test_cases.filter(\.tweak_indices.isEmpty)
        #expect(invalid.count == 3)
        for one in invalid {
            let keys = one.key_indices.flatMap { [UInt8](hex: file.pubkeys[$0]) }
            #expect(throws: CryptoError.invalidPublicKey) {
                _ = try KeyAggregation.aggregate(keys.span, curve: try Curve())
            }
        }
        Vectors.report("bip-0327", "4 valid, 3 of 5 invalid (2 about tweaks), 1 sorted")
    }

    @Test("BIP-327: KeySort puts the keys of an aggregate into the order of their bytes")
    func keySort() throws {
        struct File: Decodable {
            let pubkeys: [String]
            let sorted_pubkeys: [String]
        }
        let file: File = try Vectors.json("bitcoin/bip-0327/key_sort_vectors.json")
        #expect(file.pubkeys.count == 6 && file.pubkeys != file.sorted_pubkeys)
        // One of them is no point: sorting comes before aggregating, which refuses it.
        let good = file.pubkeys.filter { !$0.hasSuffix("EFF") }
        let curve = try Curve()
        let found = try Self.read("rawtr(musig(\(good.joined(separator: ","))))", curve)
        let sum = try found.outputs(place: 0, index: 0, curve: curve)[0].keys[0]
        let sorted = sum.participants.map { $0.bytes.hex.uppercased() }
        #expect(sorted == file.sorted_pubkeys.filter { !$0.hasSuffix("EFF") })
    }

    struct TreeFile: Decodable {
        struct Case: Decodable {
            struct Given: Decodable {
                let internalPubkey: String
                let scriptTree: Tree?
            }
            struct Intermediary: Decodable {
                let leafHashes: [String]?
                let merkleRoot: String?
                let tweakedPubkey: String
            }
            struct Expected: Decodable {
                let scriptPathControlBlocks: [String]?
            }
            let given: Given
            let intermediary: Intermediary
            let expected: Expected
        }
        let scriptPubKey: [Case]
    }

    /// A leaf or two halves.
    indirect enum Tree: Decodable {
        case leaf(script: String, version: UInt8)
        case halves([Tree])

        private enum Name: String, CodingKey {
            case script
            case leafVersion
        }

        init(from decoder: any Decoder) throws {
            if let leaf = try? decoder.container(keyedBy: Name.self) {
                self = .leaf(
                    script: try leaf.decode(String.self, forKey: .script),
                    version: try leaf.decode(UInt8.self, forKey: .leafVersion)
                )
            } else {
                self = .halves(try decoder.singleValueContainer().decode([Tree].self))
            }
        }

        func leaves(depth: Int = 0) -> [TaprootTree.Leaf] {
            switch self {
            case .leaf(let script, let version):
                [TaprootTree.Leaf(depth: depth, version: version, script: [UInt8](hex: script))]
            case .halves(let halves): halves.flatMap { $0.leaves(depth: depth + 1) }
            }
        }
    }

    @Test("BIP-341: leaf hashes, roots, output keys and control blocks of 7 outputs")
    func trees() throws {
        let curve = try Curve()
        let file: TreeFile = try Vectors.json("bitcoin/bip-0341/wallet-test-vectors.json")
        #expect(file.scriptPubKey.count == 7)
        var blockCount = 0
        for one in file.scriptPubKey {
            let tree = TaprootTree(one.given.scriptTree?.leaves() ?? [])
            let internalKey = Bytes32(hex: one.given.internalPubkey)
            let output = try curve.taprootOutput(internalKey: internalKey, merkleRoot: tree.root)
            var root: String?
            if let found = tree.root { root = found.hex }
            #expect(root == one.intermediary.merkleRoot)
            var hashes: [String] = []
            for hash in tree.leafHashes { hashes.append(hash.hex) }
            #expect(hashes == one.intermediary.leafHashes ?? [])
            let key = output.key.hex
            #expect(key == one.intermediary.tweakedPubkey)
            var blocks: [String] = []
            for leaf in tree.leaves.indices {
                let block = tree.controlBlock(of: leaf, internalKey: internalKey, output: output)
                blocks.append(block.hex)
            }
            #expect(blocks == one.expected.scriptPathControlBlocks ?? [])
            blockCount += blocks.count
        }
        Vectors.report("bip-0341", "7 outputs, \(blockCount) control blocks, 7 signed inputs")
        #expect(blockCount == 12)
    }
}
