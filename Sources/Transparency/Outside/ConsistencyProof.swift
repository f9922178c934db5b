package import Bytes

/// Proofs that one tree is the beginning of another (RFC 6962, section 2.1.2).
package enum ConsistencyProof {
    /// Throws unless `proof`, 32 bytes a hash, shows that the tree of `oldSize` leaves with
    /// `oldRoot` is the beginning of the tree of `newSize` leaves with `newRoot`.
    ///
    /// An old size of 0 is refused: whether anything follows the empty tree is for the caller's
    /// protocol to say. Equal sizes take an empty proof and equal roots.
    package static func verify(
        oldSize: UInt64,
        oldRoot: Bytes32,
        newSize: UInt64,
        newRoot: Bytes32,
        proof: Span<UInt8>
    ) throws(TransparencyError) {
        guard oldSize > 0 else { throw .emptyTree }
        guard oldSize <= newSize else { throw .sizesReversed(old: oldSize, new: newSize) }
        guard oldSize < newSize else {
            guard proof.isEmpty else { throw .proofLength(found: proof.count, expected: 0) }
            guard oldRoot == newRoot else { throw .rootMismatch }
            return
        }
        let full = ProofShape(index: oldSize - 1, size: newSize)
        // Both ways start at the root of the old tree's last full subtree. If that is the whole old
        // tree, its root is known and the proof leaves it out.
        let shift = oldSize.trailingZeroBitCount
        let inner = full.inner - shift
        let seeds = oldSize.nonzeroBitCount == 1 ? 0 : 1
        let expected = (seeds + inner + full.border) * Merkle.hashCount
        guard proof.count == expected else {
            throw .proofLength(found: proof.count, expected: expected)
        }
        let seed = seeds == 0 ? oldRoot : ProofShape.hashAt(0, in: proof)
        let rest = proof.extracting((seeds * Merkle.hashCount)...)
        let lower = rest.extracting(0..<inner * Merkle.hashCount)
        let upper = rest.extracting((inner * Merkle.hashCount)...)
        let path = (oldSize - 1) >> UInt64(shift)

        let old = ProofShape.climbLeft(from: seed, lower, path: path)
        guard ProofShape.climbBorder(from: old, upper) == oldRoot else { throw .rootMismatch }
        let new = ProofShape.climb(from: seed, lower, path: path)
        guard ProofShape.climbBorder(from: new, upper) == newRoot else { throw .rootMismatch }
    }
}

extension ProofShape {
    /// Up the inner part, but only over siblings on the left: the way of the older, smaller tree.
    static func climbLeft(from start: Bytes32, _ siblings: Span<UInt8>, path: UInt64) -> Bytes32 {
        var hash = start
        for level in 0..<siblings.count / Merkle.hashCount where path >> UInt64(level) & 1 == 1 {
            hash = Merkle.nodeHash(hashAt(level, in: siblings), hash)
        }
        return hash
    }
}
