import Bytes
import Foundation
import TestSupport
import Testing
import Transparency

/// A log of 520 leaves that two other implementations (Go's and a Python one) agree about.
@Suite("Golden log", .enabled(if: Vectors.present, Vectors.reason))
struct GoldenTests {
    struct Golden: Decodable {
        struct Inclusion: Decodable {
            let Size: UInt64
            let Index: UInt64
            let Leaf: String
            let Root: String
            let Proof: [String]?
        }

        struct Consistency: Decodable {
            let Size1: UInt64
            let Size2: UInt64
            let Root1: String
            let Root2: String
            let Proof: [String]?
        }

        struct Signed: Decodable {
            let size: String
            let checkpoint: String
            let cosigned: String
            let cosig_message: String
        }

        let roots_size_0_to_520: [String]
        let inclusion: [Inclusion]
        let consistency: [Consistency]
        let checkpoints: [Signed]
        let vkey: String
        let witness_vkey: String
        let origin: String
        let seed_hex: String
    }

    let golden: Golden

    init() throws {
        golden = try Vectors.json("transparency/golden/tlog-golden.json")
    }

    @Test("All 521 roots, of 0 to 520 leaves, are the recorded ones")
    func roots() throws {
        #expect(golden.roots_size_0_to_520.count == 521)
        var range = CompactRange()
        #expect(range.root == (try hash(golden.roots_size_0_to_520[0])))
        for size in 1...520 {
            range.append(leafHash: goldenLeafHash(size - 1))
            #expect(range.root == (try hash(golden.roots_size_0_to_520[size])))
        }
    }

    @Test("All 93 inclusion proofs verify, and none does with its leaf changed")
    func inclusion() throws {
        #expect(golden.inclusion.count == 93)
        for vector in golden.inclusion {
            let leaf = goldenLeafHash(Int(vector.Index))
            #expect(leaf == (try hash(vector.Leaf)))
            try verify(vector, leaf: leaf)
            var wrong = leaf
            wrong[31] ^= 1
            #expect(throws: TransparencyError.rootMismatch) { try verify(vector, leaf: wrong) }
        }
    }

    @Test("All 190 consistency proofs verify, and none does with its old root changed")
    func consistency() throws {
        #expect(golden.consistency.count == 190)
        for vector in golden.consistency {
            let root = try hash(vector.Root1)
            try verify(vector, oldRoot: root)
            var wrong = root
            wrong[0] ^= 1
            #expect(throws: TransparencyError.rootMismatch) { try verify(vector, oldRoot: wrong) }
        }
    }

    @Test("All 6 checkpoints verify with the log's key, and are written again byte for byte")
    func checkpoints() throws {
        #expect(golden.checkpoints.count == 6)
        let signer = TestKey(golden.origin, seed: [UInt8](hex: golden.seed_hex))
        let keyText = [UInt8](text: golden.vkey)
        for vector in golden.checkpoints {
            let bytes = [UInt8](text: vector.checkpoint)
            let key = try VerifierKey(text: keyText.span)
            let note = try SignedNote(bytes.span)
            try note.verify(key)
            let checkpoint = try Checkpoint(text: note.text)
            #expect(String(checkpoint.size) == vector.size)
            #expect(checkpoint.origin.array == [UInt8](text: golden.origin))
            let root = golden.roots_size_0_to_520[Int(checkpoint.size)]
            #expect(checkpoint.root == (try hash(root)))

            let again = try CheckpointText(
                origin: checkpoint.origin,
                size: checkpoint.size,
                root: checkpoint.root
            )
            #expect(try signer.note(again.bytes.array) == bytes)
        }
    }

    @Test("All 6 cosignatures verify with the witness's key and give their time")
    func cosignatures() throws {
        let logText = [UInt8](text: golden.vkey)
        let witnessText = [UInt8](text: golden.witness_vkey)
        for vector in golden.checkpoints {
            let bytes = [UInt8](text: vector.cosigned)
            let note = try SignedNote(bytes.span)
            #expect(note.signatureCount == 2)
            let key = try VerifierKey(text: logText.span)
            let witness = try VerifierKey(text: witnessText.span)
            try note.verify(key)
            let seconds = try note.verifyCosignature(witness)
            let size = try #require(UInt64(vector.size))
            #expect(seconds == 1_790_000_000 + size)
            let text = note.text.array
            let message = try written { writer throws(ByteError) in
                try Cosignature.writeMessage(seconds: seconds, text: text.span, to: &writer)
            }
            #expect(message == [UInt8](text: vector.cosig_message))
        }
    }

    @Test("A cosignature does not verify for another time or another checkpoint")
    func cosignatureIsBound() throws {
        let witnessText = [UInt8](text: golden.witness_vkey)
        let first = golden.checkpoints[1].cosigned.split(separator: "\n")
        let second = golden.checkpoints[2].cosigned.split(separator: "\n")
        let line = try #require(second.last)
        let mixed = golden.checkpoints[1].checkpoint + line + "\n"
        #expect(first.count == 5)
        for text in [mixed, try withTimeChanged(golden.checkpoints[1].cosigned)] {
            let bytes = [UInt8](text: text)
            #expect(throws: TransparencyError.badSignature(keyID: 0x0e4c_d635)) {
                let note = try SignedNote(bytes.span)
                let witness = try VerifierKey(text: witnessText.span)
                _ = try note.verifyCosignature(witness)
            }
        }
    }

    /// The cosigned note with the last byte of the time one higher.
    private func withTimeChanged(_ cosigned: String) throws -> String {
        let lines = cosigned.split(separator: "\n", omittingEmptySubsequences: false)
        let words = lines[5].split(separator: " ")
        var payload = try bytes(String(words[2]))
        payload[11] += 1
        let changed = "— \(words[1]) \(Data(payload).base64EncodedString())"
        return (lines[..<5].map(String.init) + [changed, ""]).joined(separator: "\n")
    }

    private func verify(_ vector: Golden.Inclusion, leaf: Bytes32) throws {
        let proof = try proof(vector.Proof)
        let root = try hash(vector.Root)
        try InclusionProof.verify(
            leafHash: leaf,
            index: vector.Index,
            size: vector.Size,
            proof: proof.span,
            root: root
        )
    }

    private func verify(_ vector: Golden.Consistency, oldRoot: Bytes32) throws {
        let proof = try proof(vector.Proof)
        let newRoot = try hash(vector.Root2)
        try ConsistencyProof.verify(
            oldSize: vector.Size1,
            oldRoot: oldRoot,
            newSize: vector.Size2,
            newRoot: newRoot,
            proof: proof.span
        )
    }
}
