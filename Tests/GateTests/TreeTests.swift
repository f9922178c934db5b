import Bytes
import Gate
import TestSupport
import Testing
import Transparency

@Suite("The tree in memory")
struct TreeTests {
    private static func leafHash(_ index: Int) -> Bytes32 {
        let text = [UInt8]("leaf \(index)".utf8)
        return Merkle.leafHash(text.span)
    }

    /// RFC 6962, section 2.1, word for word.
    private static func naiveRoot(_ hashes: ArraySlice<Bytes32>) -> Bytes32 {
        if hashes.isEmpty { return Merkle.emptyRoot }
        if hashes.count == 1 { return hashes[hashes.startIndex] }
        var split = 1
        while split * 2 < hashes.count { split *= 2 }
        return Merkle.nodeHash(
            naiveRoot(hashes.prefix(split)),
            naiveRoot(hashes.dropFirst(split))
        )
    }

    private static func flat(_ hashes: [Bytes32]) -> [UInt8] {
        hashes.flatMap { [UInt8](copying: $0.span) }
    }

    private func tree(_ size: Int) -> (Tree, [Bytes32]) {
        let hashes = (0..<size).map { Self.leafHash($0) }
        var tree = Tree()
        for hash in hashes { tree.append(leafHash: hash) }
        return (tree, hashes)
    }

    @Test("The root at every older size is that of RFC 6962")
    func roots() {
        let (tree, hashes) = tree(130)
        for size in 0...130 {
            #expect(tree.root(at: UInt64(size)) == Self.naiveRoot(hashes.prefix(size)))
        }
    }

    @Test("The frontier at every older size continues to the same root")
    func frontiers() throws {
        let (tree, hashes) = tree(130)
        for size in 0...130 {
            let frontier = Self.flat(tree.frontier(at: UInt64(size)))
            var range = try CompactRange(size: UInt64(size), hashes: frontier.span)
            #expect(range.root == tree.root(at: UInt64(size)))
            for hash in hashes.dropFirst(size) { range.append(leafHash: hash) }
            #expect(range.root == tree.root(at: 130))
        }
    }

    @Test("Every inclusion proof at every size verifies, and fails for another leaf")
    func inclusion() throws {
        let (tree, hashes) = tree(70)
        for size in 1...70 {
            let root = tree.root(at: UInt64(size))
            for index in 0..<size {
                let proof = Self.flat(
                    tree.inclusionProof(index: UInt64(index), size: UInt64(size))
                )
                try InclusionProof.verify(
                    leafHash: hashes[index],
                    index: UInt64(index),
                    size: UInt64(size),
                    proof: proof.span,
                    root: root
                )
                #expect(throws: TransparencyError.rootMismatch) {
                    try InclusionProof.verify(
                        leafHash: Self.leafHash(1_000),
                        index: UInt64(index),
                        size: UInt64(size),
                        proof: proof.span,
                        root: root
                    )
                }
            }
        }
    }

    @Test("Every consistency proof between two sizes verifies")
    func consistency() throws {
        let (tree, _) = tree(70)
        for size in 1...70 {
            for old in 1...size {
                let proof = Self.flat(
                    tree.consistencyProof(from: UInt64(old), to: UInt64(size))
                )
                try ConsistencyProof.verify(
                    oldSize: UInt64(old),
                    oldRoot: tree.root(at: UInt64(old)),
                    newSize: UInt64(size),
                    newRoot: tree.root(at: UInt64(size)),
                    proof: proof.span
                )
            }
        }
    }
}
