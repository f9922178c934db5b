private import BitcoinCrypto
package import Bytes

/// Folds the leaf hashes of a script tree, given in the order of a walk, into its root (BIP-341).
package struct TapTree: Sendable {
    /// The hash of the left subtree that waits for its sibling, at each depth that has a bit in
    /// `waiting`.
    private var subtrees = InlineArray<64, Bytes32>(repeating: .zero)
    private var waiting: UInt64 = 0

    package init() {}

    /// Adds the next leaf.
    package mutating func add(_ leaf: Bytes32, depth: Int) {
        precondition(depth >= 0 && depth <= 63, "no deeper than 64 leaves can be")
        var (hash, depth) = (leaf, depth)
        while waiting >> UInt64(depth) & 1 == 1 {
            precondition(depth > 0, "the tree is whole")
            waiting &= ~(1 << UInt64(depth))
            hash = Self.branch(subtrees[depth], hash)
            depth -= 1
        }
        subtrees[depth] = hash
        waiting |= 1 << UInt64(depth)
    }

    /// The root, after the last leaf.
    package var root: Bytes32 {
        precondition(waiting == 1, "a full tree")
        return subtrees[0]
    }

    private static func branch(_ left: Bytes32, _ right: Bytes32) -> Bytes32 {
        var hasher = TaggedHash("TapBranch")
        hasher.update(left.precedes(right) ? left : right)
        hasher.update(left.precedes(right) ? right : left)
        return hasher.finalize()
    }
}
