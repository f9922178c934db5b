import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing
import Transparency

/// The proof vectors of transparency-dev/merkle: 98 of inclusion and 98 of consistency, 6 of each
/// to be accepted. The other 322 of the 518 files are about subtree proofs, which no part of
/// Portcullis makes or reads.
@Suite("Merkle vectors", .enabled(if: Vectors.present, Vectors.reason))
struct MerkleVectorTests {
    struct Inclusion: Decodable {
        let leafIdx: UInt64
        let treeSize: UInt64
        let root: String
        let leafHash: String
        let proof: [String]?
        let wantErr: Bool
        let desc: String
    }

    struct Consistency: Decodable {
        let size1: UInt64
        let size2: UInt64
        let root1: String
        let root2: String
        let proof: [String]?
        let wantErr: Bool
        let desc: String
    }

    @Test("All 98 inclusion vectors are judged as published: 6 accepted, 92 refused")
    func inclusion() throws {
        var accepted = 0
        var refused = 0
        for path in try paths("inclusion") {
            let vector = try Vectors.json(path, as: Inclusion.self)
            let isRefused = refuses {
                let proof = try proof(vector.proof)
                let leaf = try hash(vector.leafHash)
                let root = try hash(vector.root)
                try InclusionProof.verify(
                    leafHash: leaf,
                    index: vector.leafIdx,
                    size: vector.treeSize,
                    proof: proof.span,
                    root: root
                )
            }
            #expect(isRefused == vector.wantErr, "\(path): \(vector.desc)")
            if isRefused { refused += 1 } else { accepted += 1 }
        }
        #expect(accepted == 6 && refused == 92)
    }

    @Test("All 98 consistency vectors are judged as published: 6 accepted, 92 refused")
    func consistency() throws {
        var accepted = 0
        var refused = 0
        for path in try paths("consistency") {
            let vector = try Vectors.json(path, as: Consistency.self)
            let isRefused = refuses {
                let proof = try proof(vector.proof)
                let oldRoot = try root(vector.root1)
                let newRoot = try root(vector.root2)
                try ConsistencyProof.verify(
                    oldSize: vector.size1,
                    oldRoot: oldRoot,
                    newSize: vector.size2,
                    newRoot: newRoot,
                    proof: proof.span
                )
            }
            #expect(isRefused == vector.wantErr, "\(path): \(vector.desc)")
            if isRefused { refused += 1 } else { accepted += 1 }
        }
        #expect(accepted == 6 && refused == 92)
    }

    /// Eleven vectors about sizes have the words "don't care" for a root, which is no hash; the
    /// hash of the words stands in, so that equal words stay equal roots.
    private func root(_ base64: String) throws -> Bytes32 {
        let words = try bytes(base64)
        guard String(decoding: words, as: UTF8.self).hasPrefix("don't care") else {
            return try hash(base64)
        }
        return SHA256.hash(words.span)
    }

    private func refuses(_ verify: () throws -> Void) -> Bool {
        do {
            try verify()
            return false
        } catch {
            return true
        }
    }

    private func paths(_ kind: String) throws -> [String] {
        let folder = "transparency/merkle/\(kind)"
        let names = try FileManager.default.subpathsOfDirectory(
            atPath: Vectors.root.appending(path: folder).path
        )
        return names.filter { $0.hasSuffix(".json") }.map { "\(folder)/\($0)" }
    }
}
