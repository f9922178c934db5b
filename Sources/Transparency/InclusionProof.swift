package import Bytes

/// Proofs that a leaf stands at an index of a tree (RFC 6962, section 2.1.1), sibling first.
package enum InclusionProof {
    /// Throws unless `proof`, 32 bytes a hash, leads from the leaf hash to the root.
    package static func verify(
        leafHash: Bytes32,
        index: UInt64,
        size: UInt64,
        proof: Span<UInt8>,
        root: Bytes32
    ) throws(TransparencyError) {
        guard index < size else { throw .indexOutOfRange(index: index, size: size) }
        let shape = ProofShape(index: index, size: size)
        let expected = (shape.inner + shape.border) * Merkle.hashCount
        guard proof.count == expected else {
            throw .proofLength(found: proof.count, expected: expected)
        }
        let split = shape.inner * Merkle.hashCount
        let inner = proof.extracting(0..<split)
        var hash = ProofShape.climb(from: leafHash, inner, path: index)
        hash = ProofShape.climbBorder(from: hash, proof.extracting(split...))
        guard hash == root else { throw .rootMismatch }
    }
}

/// The two parts of every proof: below the place where the path leaves the tree's right edge, bits
/// of the index say on which side a sibling stands; above it, siblings stand on the left only.
struct ProofShape {
    /// The hashes below the place where the path meets the right edge.
    let inner: Int
    /// The hashes along the right edge, one for each bit set in the rest of the index.
    let border: Int

    init(index: UInt64, size: UInt64) {
        inner = UInt64.bitWidth - (index ^ (size - 1)).leadingZeroBitCount
        border = inner < UInt64.bitWidth ? (index >> UInt64(inner)).nonzeroBitCount : 0
    }

    /// Up the inner part; bit n of `path` set means that the n-th sibling stands on the left.
    static func climb(from start: Bytes32, _ siblings: Span<UInt8>, path: UInt64) -> Bytes32 {
        var hash = start
        for level in 0..<siblings.count / Merkle.hashCount {
            let sibling = hashAt(level, in: siblings)
            let isRight = path >> UInt64(level) & 1 == 1
            hash = isRight ? Merkle.nodeHash(sibling, hash) : Merkle.nodeHash(hash, sibling)
        }
        return hash
    }

    /// Up the right edge.
    static func climbBorder(from start: Bytes32, _ siblings: Span<UInt8>) -> Bytes32 {
        var hash = start
        for level in 0..<siblings.count / Merkle.hashCount {
            hash = Merkle.nodeHash(hashAt(level, in: siblings), hash)
        }
        return hash
    }

    static func hashAt(_ place: Int, in hashes: Span<UInt8>) -> Bytes32 {
        let start = place * Merkle.hashCount
        return Bytes32(copying: hashes.extracting(start..<start + Merkle.hashCount))
    }
}
