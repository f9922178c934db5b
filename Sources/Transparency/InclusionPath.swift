package import Bytes

/// Makes inclusion proofs out of the hashes of full subtrees, which a log keeps.
package enum InclusionPath {
    /// Hands the hashes of the proof for `index` in a tree of `size` leaves to `emit`, the
    /// sibling first.
    ///
    /// `node(level, place)` is the root of the full subtree over the leaves from `place << level`
    /// to `(place + 1) << level`; it is asked for subtrees inside the tree only, at most 126 times.
    package static func forEachHash<Failure: Error>(
        index: UInt64,
        size: UInt64,
        node: (_ level: Int, _ place: UInt64) throws(Failure) -> Bytes32,
        emit: (Bytes32) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(index < size && size <= CompactRange.sizeMax, "a leaf of the tree")
        let inner = ProofShape(index: index, size: size).inner
        for level in 0..<inner {
            let sibling = (index >> UInt64(level)) ^ 1
            // Only the topmost of these siblings can reach over the tree's right edge.
            let start = sibling << UInt64(level)
            let width = min(UInt64(1) << UInt64(level), size - start)
            try emit(try root(start: start, width: width, node: node))
        }
        var level = inner
        while index >> UInt64(level) > 0 {
            let place = index >> UInt64(level)
            if place & 1 == 1 { try emit(try node(level, place - 1)) }
            level += 1
        }
    }

    /// The root of `width` leaves from `start`, which is a multiple of a power of two not below it.
    private static func root<Failure: Error>(
        start: UInt64,
        width: UInt64,
        node: (_ level: Int, _ place: UInt64) throws(Failure) -> Bytes32
    ) throws(Failure) -> Bytes32 {
        var end = start + width
        var rest = width
        var level = rest.trailingZeroBitCount
        end -= 1 << UInt64(level)
        var hash = try node(level, end >> UInt64(level))
        rest &= rest - 1
        while rest > 0 {
            level = rest.trailingZeroBitCount
            end -= 1 << UInt64(level)
            hash = Merkle.nodeHash(try node(level, end >> UInt64(level)), hash)
            rest &= rest - 1
        }
        return hash
    }
}
