private import BitcoinCrypto
private import Bytes
private import Transparency

/// A receipt of protocol.md, section 6: a leaf, its place in the log, and a signed checkpoint. It
/// can be verified with nothing else at hand.
package struct Receipt: Sendable {
    /// The most bytes of a receipt.
    package static let byteCountMax = 256 << 10

    package let index: UInt64
    /// The leaves of the tree that the checkpoint is about.
    package let size: UInt64
    package let origin: String
    /// The last part of the origin.
    package let logNumber: UInt32
    /// Hexadecimal.
    package let root: String
    package let leaf: [UInt8]
    /// The audit key that the receipt itself names, as a verifier key.
    package let ownKey: String
    private let text: [UInt8]

    /// Reads a receipt; this proves nothing yet.
    package init(text: String) throws(FrontError) {
        try self.init([UInt8](text.utf8))
    }

    /// The same from the bytes of a file.
    package init(_ bytes: [UInt8]) throws(FrontError) {
        guard bytes.count <= Self.byteCountMax else {
            throw Self.bad("it has over \(Self.byteCountMax) bytes")
        }
        text = bytes
        do {
            let proof = try TlogProof(bytes.span)
            index = proof.index
            let note = try SignedNote(proof.checkpoint)
            let checkpoint = try Checkpoint(text: note.text)
            size = checkpoint.size
            root = checkpoint.root.hexDigits
            origin = String(decoding: [UInt8](copying: checkpoint.origin), as: UTF8.self)
            guard let number = origin.split(separator: "/").last.flatMap({ UInt32($0) }) else {
                throw Self.bad("its origin names no log of ours")
            }
            logNumber = number
            let extra = try [UInt8].written(limit: bytes.count) {
                writer throws(ByteError) in try proof.writeExtra(to: &writer)
            }
            // u8 version = 1 | audit public key | leaf
            guard extra.count > 33, extra[0] == 1 else {
                throw Self.bad("it carries no log entry")
            }
            leaf = [UInt8](extra[33...])
            ownKey = try Self.keyText(
                origin: [UInt8](copying: checkpoint.origin),
                publicKey: [UInt8](extra[1..<33])
            )
        } catch let error as FrontError {
            throw error
        } catch {
            throw Self.bad("\(error)")
        }
    }

    /// Throws unless the leaf stands at that index of a tree whose checkpoint `key` signed, and the
    /// key that the receipt carries is the same: nothing in it may go unchecked.
    package func verify(key: String) throws(FrontError) {
        let keyBytes = [UInt8](key.utf8)
        let verifier: VerifierKey
        do {
            verifier = try VerifierKey(text: keyBytes.span)
        } catch {
            throw .usage("--vkey: not a verifier key of the form name+id+base64: \(error)")
        }
        guard key == ownKey else { throw Self.bad("it names another key than the one given") }
        do {
            let proof = try TlogProof(text.span)
            try proof.verify(leafHash: Merkle.leafHash(leaf.span), key: verifier)
        } catch {
            throw Self.bad("\(error)")
        }
    }

    /// The text form of an Ed25519 key of a log.
    package static func keyText(
        origin: [UInt8],
        publicKey: [UInt8]
    ) throws(FrontError) -> String {
        precondition(publicKey.count == 32, "an Ed25519 key")
        do {
            let key = try VerifierKey(
                name: origin.span,
                publicKey: Bytes32(copying: publicKey.span)
            )
            let text = try [UInt8].written(limit: origin.count + 64) {
                writer throws(ByteError) in try key.write(to: &writer)
            }
            return String(decoding: text, as: UTF8.self)
        } catch {
            throw .failed("no verifier key can be made of that: \(error)")
        }
    }

    private static func bad(_ why: String) -> FrontError {
        .refused(
            RefusalReport(
                .receiptInvalid,
                message: "the receipt does not verify: \(why)",
                remedy:
                    "ask for the receipt again; if it stays so, the log or the receipt was altered"
            )
        )
    }
}
