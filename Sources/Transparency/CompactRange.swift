package import Bytes

/// The frontier of an append-only Merkle tree: the roots of its full subtrees, largest first.
///
/// It is all one needs to append leaves and to compute the root, and never more than 63 hashes:
/// one for each bit set in the size.
package struct CompactRange: Sendable {
    /// The largest size of a tree; sizes stay below 2⁶³, which every tool of the log format reads.
    package static let sizeMax = UInt64(Int64.max)

    /// The number of leaves.
    package private(set) var size: UInt64

    /// The first `size.nonzeroBitCount` are the subtrees' roots, largest subtree first.
    private(set) var stack: InlineArray<64, Bytes32>

    /// The frontier of the empty tree.
    package init() {
        size = 0
        stack = InlineArray(repeating: .zero)
    }

    /// A frontier from outside: `hashes` is 32 bytes for each bit set in `size`, largest subtree
    /// first. Whether they are the right ones only the root can tell: compare it.
    package init(size: UInt64, hashes: Span<UInt8>) throws(TransparencyError) {
        guard size <= Self.sizeMax else { throw .sizeTooLarge(size) }
        let expected = size.nonzeroBitCount * Merkle.hashCount
        guard hashes.count == expected else {
            throw .rangeLength(found: hashes.count, expected: expected)
        }
        self.init()
        self.size = size
        for place in 0..<count {
            let start = place * Merkle.hashCount
            stack[place] = Bytes32(copying: hashes.extracting(start..<start + Merkle.hashCount))
        }
    }

    /// The number of hashes.
    package var count: Int { size.nonzeroBitCount }

    /// Adds one leaf by its leaf hash; a tree of `sizeMax` leaves takes no more.
    package mutating func append(leafHash: Bytes32) {
        precondition(size < Self.sizeMax, "the tree is full")
        var hash = leafHash
        var place = count
        // Every subtree that the new leaf completes is a bit that the carry clears.
        for _ in 0..<(~size).trailingZeroBitCount {
            place -= 1
            hash = Merkle.nodeHash(stack[place], hash)
        }
        stack[place] = hash
        size += 1
    }

    /// The root of the tree, RFC 6962's MTH.
    package var root: Bytes32 {
        guard size > 0 else { return Merkle.emptyRoot }
        var place = count - 1
        var hash = stack[place]
        while place > 0 {
            place -= 1
            hash = Merkle.nodeHash(stack[place], hash)
        }
        return hash
    }
}
