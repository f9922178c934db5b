package import BitcoinCrypto
package import Bytes

/// The scripts of a taproot output and what BIP-341 makes of them.
package struct TaprootTree: Equatable, Sendable {
    package struct Leaf: Equatable, Sendable {
        package let depth: Int
        package let version: UInt8
        package let script: [UInt8]

        package init(depth: Int, version: UInt8 = TaprootTree.tapscript, script: [UInt8]) {
            self.depth = depth
            self.version = version
            self.script = script
        }
    }

    /// The version of tapscript (BIP-342).
    package static let tapscript: UInt8 = 0xc0

    package let leaves: [Leaf]
    package let leafHashes: [Bytes32]
    /// For each leaf the hashes that lead from it to the root.
    package let paths: [[Bytes32]]
    /// Nothing where there are no scripts.
    package let root: Bytes32?

    /// Takes leaves in the order of the tree; their depths must make a full one.
    package init(_ leaves: [Leaf]) {
        var paths = [[Bytes32]](repeating: [], count: leaves.count)
        let hashes = leaves.map(Self.hash(of:))
        // Subtrees that wait for their second half: a hash, a depth, the leaves below.
        var waiting: [(hash: Bytes32, depth: Int, leaves: Range<Int>)] = []
        for (place, leaf) in leaves.enumerated() {
            var node = (hash: hashes[place], depth: leaf.depth, leaves: place..<place + 1)
            while let other = waiting.last, other.depth == node.depth {
                waiting.removeLast()
                for index in other.leaves { paths[index].append(node.hash) }
                for index in node.leaves { paths[index].append(other.hash) }
                node = (
                    Self.branch(other.hash, node.hash), node.depth - 1,
                    other.leaves.lowerBound..<node.leaves.upperBound
                )
            }
            waiting.append(node)
        }
        precondition(
            leaves.isEmpty || waiting.count == 1 && waiting[0].depth == 0,
            "the depths make a full tree"
        )
        self.leaves = leaves
        self.paths = paths
        leafHashes = hashes
        root = waiting.first?.hash
    }

    /// The bytes that prove to a spender of a leaf that it belongs to the output.
    package func controlBlock(
        of leaf: Int,
        internalKey: Bytes32,
        output: TaprootOutput
    ) -> [UInt8] {
        var bytes = [leaves[leaf].version | (output.isOdd ? 1 : 0)]
        bytes.append(fixed: internalKey)
        for hash in paths[leaf] { bytes.append(fixed: hash) }
        return bytes
    }

    private static func hash(of leaf: Leaf) -> Bytes32 {
        var bytes = [leaf.version]
        bytes.append(vector: leaf.script)
        return TaggedHash.hash(tag: "TapLeaf", bytes.span)
    }

    private static func branch(_ one: Bytes32, _ other: Bytes32) -> Bytes32 {
        let isInOrder = one.precedes(other)
        var hasher = TaggedHash("TapBranch")
        hasher.update(isInOrder ? one : other)
        hasher.update(isInOrder ? other : one)
        return hasher.finalize()
    }
}
