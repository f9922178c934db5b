package import Bytes
private import Transparency

/// The whole Merkle tree of the log in memory: every full subtree's root, level by level.
///
/// It takes 64 bytes a leaf. Any older size can be proven from it as well.
package struct Tree {
    /// `levels[n][i]` is the root over the leaves i·2ⁿ ..< (i+1)·2ⁿ.
    private var levels: [[Bytes32]] = [[]]

    package init() {}

    /// The number of leaves.
    package var size: UInt64 { UInt64(levels[0].count) }

    /// Adds one leaf by its leaf hash.
    package mutating func append(leafHash: Bytes32) {
        levels[0].append(leafHash)
        var level = 0
        while levels[level].count.isMultiple(of: 2) {
            let count = levels[level].count
            let parent = Merkle.nodeHash(levels[level][count - 2], levels[level][count - 1])
            level += 1
            if level == levels.count { levels.append([]) }
            levels[level].append(parent)
        }
    }

    /// The hash of the leaf at an index below `size`.
    package func leafHash(at index: UInt64) -> Bytes32 {
        levels[0][Int(index)]
    }

    /// The root of full subtree `index` at a level: item `index` of that level's tiles, where the
    /// level is a multiple of eight.
    package func node(level: Int, index: UInt64) -> Bytes32 {
        levels[level][Int(index)]
    }

    /// The root of the tree's first `size` leaves.
    package func root(at size: UInt64) -> Bytes32 {
        precondition(size <= self.size, "a size the tree has had")
        guard size > 0 else { return Merkle.emptyRoot }
        return hash(0, size)
    }

    /// The full subtrees of the first `size` leaves, largest first.
    package func frontier(at size: UInt64) -> [Bytes32] {
        precondition(size <= self.size, "a size the tree has had")
        var hashes: [Bytes32] = []
        var start: UInt64 = 0
        for level in (0..<64).reversed() where size >> UInt64(level) & 1 == 1 {
            hashes.append(levels[level][Int(start >> UInt64(level))])
            start += 1 << UInt64(level)
        }
        return hashes
    }

    /// The proof that leaf `index` is among the first `size` leaves (RFC 6962, section 2.1.1).
    package func inclusionProof(index: UInt64, size: UInt64) -> [Bytes32] {
        precondition(index < size && size <= self.size, "a leaf of a size the tree has had")
        var proof: [Bytes32] = []
        var start: UInt64 = 0
        var count = size
        while count > 1 {
            let split = Self.split(count)
            if index < start + split {
                proof.append(hash(start + split, count - split))
                count = split
            } else {
                proof.append(hash(start, split))
                start += split
                count -= split
            }
        }
        proof.reverse()
        return proof
    }

    /// The proof that the first `old` leaves begin the first `size` (RFC 6962, section 2.1.2).
    package func consistencyProof(from old: UInt64, to size: UInt64) -> [Bytes32] {
        precondition(old > 0 && old <= size && size <= self.size, "sizes the tree has had")
        var proof: [Bytes32] = []
        var start: UInt64 = 0
        var count = size
        var known = true
        while old < start + count {
            let split = Self.split(count)
            if old <= start + split {
                proof.append(hash(start + split, count - split))
                count = split
            } else {
                proof.append(hash(start, split))
                start += split
                count -= split
                known = false
            }
        }
        // The old tree's own root needs no showing where the old tree is a full subtree.
        if !known { proof.append(hash(start, count)) }
        proof.reverse()
        return proof
    }

    /// The root over `count` leaves from `start`, a multiple of the power of two from `count` on.
    private func hash(_ start: UInt64, _ count: UInt64) -> Bytes32 {
        if count.nonzeroBitCount == 1 {
            let level = count.trailingZeroBitCount
            return levels[level][Int(start >> UInt64(level))]
        }
        let split = Self.split(count)
        return Merkle.nodeHash(hash(start, split), hash(start + split, count - split))
    }

    /// The largest power of two below `count`, which is at least two.
    private static func split(_ count: UInt64) -> UInt64 {
        1 << UInt64(63 - (count - 1).leadingZeroBitCount)
    }
}
