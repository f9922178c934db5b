import Bitcoin
import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing

@Suite("Scripts with keys in their holes")
struct FilledLeafTests {
    struct Sorted: Decodable {
        let list: [String]
        let sorted: [String]
        let script: [String]
    }

    private struct Trees: Decodable {
        struct Row: Decodable {
            struct Given: Decodable {
                let internalPubkey: String
                let scriptTree: Node?
            }
            struct Intermediary: Decodable {
                let leafHashes: [String]?
                let merkleRoot: String?
            }
            struct Expected: Decodable {
                let scriptPubKey: String
            }
            let given: Given
            let intermediary: Intermediary
            let expected: Expected
        }
        let scriptPubKey: [Row]
    }

    /// A leaf, or two subtrees.
    private indirect enum Node: Decodable {
        struct Leaf: Decodable {
            let script: String
            let leafVersion: UInt8
        }
        case leaf(Leaf)
        case branch([Node])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let nodes = try? container.decode([Node].self) {
                self = .branch(nodes)
            } else {
                self = .leaf(try container.decode(Leaf.self))
            }
        }

        func leaves(_ depth: Int = 0) -> [(Leaf, Int)] {
            switch self {
            case .leaf(let leaf): [(leaf, depth)]
            case .branch(let nodes): nodes.flatMap { $0.leaves(depth + 1) }
            }
        }
    }

    static func shortHash(_ bytes: [UInt8]) -> [UInt8] { hash160(bytes.span).array }

    /// What a check of a filled leaf says, each part as hexadecimal text.
    private func answers(_ leaf: NaiveLeaf, _ keys: [[UInt8]]) -> [String] {
        let (script, holes, groups) = (leaf.script, leaf.holeBytes, leaf.groupBytes)
        let joined = keys.flatMap { $0 }
        let template = LeafTemplate(script: script.span, holes: holes.span, groups: groups.span)
        let filled = FilledLeaf(template, keys: joined.span)
        let order = (0..<filled.holeCount).map { filled.key(inHole: $0) }
        return [
            filled.sha256.hex, filled.tapLeafHash(version: 0xc0).hex,
            ScriptTemplate.script(.p2shScript, paying: filled).bytes.hex,
            ScriptTemplate.script(.p2wshScript, paying: filled).bytes.hex,
            ScriptTemplate.script(.p2shP2WSHScript, paying: filled).bytes.hex,
            "\(order)",
        ]
    }

    private func compactSize(_ count: Int) -> [UInt8] {
        count < 0xfd ? [UInt8(count)] : [0xfd, UInt8(count & 0xff), UInt8(count >> 8)]
    }

    private func naive(_ leaf: NaiveLeaf, _ keys: [[UInt8]]) -> [String] {
        let script = leaf.filled(keys, hash160: Self.shortHash)
        let hash = SHA256.hash(script.span).array
        let tagged = [0xc0] + compactSize(script.count) + script
        let inner = [0, 32] + hash
        return [
            hash.hex, TaggedHash.hash(tag: "TapLeaf", tagged.span).hex,
            ([0xa9, 20] + Self.shortHash(script) + [0x87]).hex, inner.hex,
            ([0xa9, 20] + Self.shortHash(inner) + [0x87]).hex, "\(leaf.order(keys))",
        ]
    }

    @Test("1,000 random scripts are filled as by laying them out", arguments: [false, true])
    func random(isTapscript: Bool) {
        var dice = Dice(seed: isTapscript ? 7 : 8)
        var changed = 0
        for _ in 0..<500 {
            let keys = (0...dice.below(32)).map { _ in
                [UInt8(2 + dice.below(2))] + (0..<32).map { _ in UInt8(dice.below(256)) }
            }
            let leaf = NaiveLeaf.random(
                keyCount: keys.count,
                holeCount: 1 + dice.below(40),
                isTapscript: isTapscript
            ) { dice.below($0) }
            let expected = naive(leaf, keys)
            #expect(answers(leaf, keys) == expected)
            // Control: another key in a hole is another script.
            var other = keys
            other[leaf.holes[0].key][20] ^= 1
            #expect(answers(leaf, other).dropLast() != expected.dropLast())
            var unsorted = leaf
            unsorted.groups = []
            if answers(unsorted, keys) != expected { changed += 1 }
        }
        #expect(changed > 100, "sorting matters: \(changed)")
    }

    @Test(
        "The multisigs of BIP-67 are met, whatever the order of the keys",
        .enabled(if: Vectors.present, Vectors.reason)
    )
    func sorted() throws {
        let rows: [Sorted] = try Vectors.json("bitcoin/bip-0067/bip67_vectors.json")
        #expect(rows.count == 4)
        for row in rows {
            let keys = row.list.map { [UInt8](hex: $0) }
            let count = keys.count
            var leaf = NaiveLeaf.sortedMultisig(required: 2, of: count)
            let script = [UInt8](hex: row.script[0])
            for shift in 0..<count {
                let shifted = Array(keys[shift...] + keys[..<shift])
                #expect(answers(leaf, shifted)[0] == SHA256.hash(script.span).hex)
            }
            leaf.groups = []
            let isSorted = row.list == row.sorted
            #expect((answers(leaf, keys)[0] == SHA256.hash(script.span).hex) == isSorted)
        }
        Vectors.report("bip-0067", "\(rows.count) multisigs")
    }

    @Test(
        "The trees of BIP-341 have the roots and outputs that it says",
        .enabled(if: Vectors.present, Vectors.reason)
    )
    func trees() throws {
        let file: Trees = try Vectors.json("bitcoin/bip-0341/wallet-test-vectors.json")
        let curve = try Curve()
        var trees = 0
        for row in file.scriptPubKey {
            guard let node = row.given.scriptTree else { continue }
            trees += 1
            var tree = TapTree()
            for (place, (leaf, depth)) in node.leaves().enumerated() {
                let script = [UInt8](hex: leaf.script)
                let template = LeafTemplate(script: script.span, holes: Span(), groups: Span())
                let hash = FilledLeaf(template, keys: Span()).tapLeafHash(version: leaf.leafVersion)
                #expect(hash.hex == row.intermediary.leafHashes?[place])
                tree.add(hash, depth: depth)
            }
            #expect(tree.root.hex == row.intermediary.merkleRoot)
            let output = try curve.taprootOutputKey(
                internalKey: Bytes33(hex: "02" + row.given.internalPubkey),
                merkleRoot: tree.root
            )
            #expect(ScriptTemplate.p2tr(outputKey: output).bytes.hex == row.expected.scriptPubKey)
        }
        #expect(trees == 6)
    }

    @Test("200 random trees have the roots of the definition, and other roots when leaves swap")
    func randomTrees() {
        var dice = Dice(seed: 9)
        for _ in 0..<200 {
            var depths = [0]
            for _ in 0..<dice.below(63) {
                let place = dice.below(depths.count)
                depths[place] += 1
                depths.insert(depths[place], at: place)
            }
            var leaves = depths.map { depth in
                (hash: (0..<32).map { _ in UInt8(dice.below(256)) }, depth: depth)
            }
            let root = root(leaves)
            #expect(root == naiveRoot(leaves))
            guard leaves.count > 2 else { continue }
            let (one, other) = (leaves[0].hash, leaves[leaves.count - 1].hash)
            (leaves[0].hash, leaves[leaves.count - 1].hash) = (other, one)
            #expect(self.root(leaves) == naiveRoot(leaves))
            #expect(self.root(leaves) != root)
        }
    }

    @Test("The deepest tree of 64 leaves has a root")
    func deepest() {
        let depths = Array(1...63) + [63]
        for depths in [depths, depths.reversed()] {
            let leaves = depths.map { (hash: [UInt8](repeating: UInt8($0), count: 32), depth: $0) }
            #expect(root(leaves) == naiveRoot(leaves))
        }
    }

    private func root(_ leaves: [(hash: [UInt8], depth: Int)]) -> [UInt8] {
        var tree = TapTree()
        for leaf in leaves {
            tree.add(Bytes32(copying: leaf.hash.span), depth: leaf.depth)
        }
        return tree.root.array
    }

    private func naiveRoot(_ leaves: [(hash: [UInt8], depth: Int)]) -> [UInt8] {
        naiveTapRoot(leaves) { left, right in
            let both = left + right
            return TaggedHash.hash(tag: "TapBranch", both.span).array
        }
    }
}
