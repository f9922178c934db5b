import Bytes
import TestSupport
import Testing
import Transparency

/// A small log of which every hash is at hand.
private let leaves = (0..<40).map(goldenLeafHash)

@Suite("Proofs")
struct ProofTests {
    @Test("Every leaf of every tree of 1 to 40 leaves is proven by the proof of the definition")
    func everyInclusion() throws {
        for size in 1...40 {
            let root = naiveRoot(leaves[..<size])
            for index in 0..<size {
                let proof = naiveInclusion(index, leaves[..<size])
                try InclusionProof.verify(
                    leafHash: leaves[index],
                    index: UInt64(index),
                    size: UInt64(size),
                    proof: flat(proof).span,
                    root: root
                )
            }
        }
    }

    @Test(
        "An inclusion proof with any one bit changed is refused, as is a neighbour's index or size"
    )
    func mutatedInclusion() throws {
        let size = 13
        let root = naiveRoot(leaves[..<size])
        for index in 0..<size {
            let good = flat(naiveInclusion(index, leaves[..<size]))
            for bit in 0..<good.count * 8 {
                var bad = good
                bad[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(throws: TransparencyError.rootMismatch) {
                    try InclusionProof.verify(
                        leafHash: leaves[index],
                        index: UInt64(index),
                        size: UInt64(size),
                        proof: bad.span,
                        root: root
                    )
                }
            }
            for other in 0..<size where other != index {
                #expect(throws: TransparencyError.self) {
                    try InclusionProof.verify(
                        leafHash: leaves[index],
                        index: UInt64(other),
                        size: UInt64(size),
                        proof: good.span,
                        root: root
                    )
                }
            }
        }
    }

    @Test("An index at the size is refused, in the empty tree every index")
    func indexAtSize() {
        for (index, size) in [(0, 0), (1, 1), (9, 8), (UInt64.max, UInt64.max)]
            as [(UInt64, UInt64)]
        {
            #expect(throws: TransparencyError.indexOutOfRange(index: index, size: size)) {
                try InclusionProof.verify(
                    leafHash: .zero,
                    index: index,
                    size: size,
                    proof: [UInt8]().span,
                    root: .zero
                )
            }
        }
    }

    @Test("A proof one hash or one byte too short or too long is refused")
    func wrongLength() {
        let good = flat(naiveInclusion(3, leaves[..<8]))
        for count in [0, 64, 95, 97, 128] {
            let bad = Array((good + good).prefix(count))
            #expect(throws: TransparencyError.proofLength(found: count, expected: 96)) {
                try InclusionProof.verify(
                    leafHash: leaves[3],
                    index: 3,
                    size: 8,
                    proof: bad.span,
                    root: naiveRoot(leaves[..<8])
                )
            }
        }
    }

    @Test("Every pair of sizes from 1 to 40 is consistent by the proof of the definition")
    func everyConsistency() throws {
        for new in 1...40 {
            for old in 1...new {
                let proof = naiveConsistency(old, leaves[..<new])
                try verify(old, new, flat(proof))
            }
        }
    }

    @Test("A consistency proof with any one byte changed is refused")
    func mutatedConsistency() {
        for (old, new) in [(1, 2), (3, 7), (4, 7), (6, 8), (7, 13), (8, 13)] {
            let good = flat(naiveConsistency(old, leaves[..<new]))
            for place in good.indices {
                var bad = good
                bad[place] ^= 0x10
                #expect(throws: TransparencyError.rootMismatch) { try verify(old, new, bad) }
            }
            #expect(throws: TransparencyError.self) { try verify(old, new, good + good.suffix(32)) }
            #expect(throws: TransparencyError.self) { try verify(old, new, good.dropLast()) }
        }
    }

    @Test("Consistency from size 0 and from a larger size is refused")
    func consistencySizes() {
        #expect(throws: TransparencyError.emptyTree) { try verify(0, 5, []) }
        #expect(throws: TransparencyError.emptyTree) { try verify(0, 0, []) }
        #expect(throws: TransparencyError.sizesReversed(old: 6, new: 5)) { try verify(6, 5, []) }
    }

    @Test("Equal sizes take equal roots and an empty proof only")
    func equalSizes() throws {
        try verify(5, 5, [])
        #expect(throws: TransparencyError.proofLength(found: 32, expected: 0)) {
            try verify(5, 5, leaves[0].array)
        }
        #expect(throws: TransparencyError.rootMismatch) {
            try ConsistencyProof.verify(
                oldSize: 5,
                oldRoot: naiveRoot(leaves[..<5]),
                newSize: 5,
                newRoot: naiveRoot(leaves[..<6]),
                proof: [UInt8]().span
            )
        }
    }

    private func verify(_ old: Int, _ new: Int, _ proof: [UInt8]) throws {
        try ConsistencyProof.verify(
            oldSize: UInt64(old),
            oldRoot: naiveRoot(leaves[..<old]),
            newSize: UInt64(new),
            newRoot: naiveRoot(leaves[..<new]),
            proof: proof.span
        )
    }
}
