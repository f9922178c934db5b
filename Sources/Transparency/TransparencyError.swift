package import Bytes

/// Why a tree, a proof, a note or a checkpoint was refused. Each case is a distinct test.
package enum TransparencyError: Error, Equatable, Sendable {
    /// A compact range came with another number of bytes than its size demands.
    case rangeLength(found: Int, expected: Int)
    /// A tree size over `CompactRange.sizeMax`.
    case sizeTooLarge(UInt64)
    /// A leaf index at or over the tree's size; in an empty tree every index is.
    case indexOutOfRange(index: UInt64, size: UInt64)
    /// A consistency proof from an empty tree: it would say nothing.
    case emptyTree
    /// A consistency proof from a larger to a smaller tree.
    case sizesReversed(old: UInt64, new: UInt64)
    /// A proof of another number of bytes than its sizes demand.
    case proofLength(found: Int, expected: Int)
    /// The proof does not lead to the root given.
    case rootMismatch
    /// A note that is not in the form of C2SP signed-note.
    case malformedNote(NoteFault)
    /// A checkpoint whose line (0 origin, 1 size, 2 root, 3 anything after) is not as specified.
    case malformedCheckpoint(line: Int)
    /// A verifier key text that is not `name+id+base64`, or of an unknown kind.
    case malformedKey
    /// A key identifier that does not belong to the name and key beside it.
    case wrongKeyID(found: UInt32, expected: UInt32)
    /// A signature that claims to be by a known key and is not.
    case badSignature(keyID: UInt32)
    /// No signature by that key.
    case unsigned(keyID: UInt32)
    /// A checkpoint of another log.
    case wrongOrigin
    /// A proof file whose line (counted from 0) is not as specified.
    case malformedProof(line: Int)
    /// A network number that protocol.md does not list.
    case unknownNetwork(UInt8)
    /// A text of more bytes than can be handled.
    case tooLong(count: Int, limit: Int)
    /// There was no room to write.
    case noRoom(ByteError)
}

/// What is wrong with a signed note.
package enum NoteFault: Equatable, Sendable {
    /// Not UTF-8, or with a control character other than a newline.
    case encoding
    /// No empty line, or nothing after it.
    case noSignatures
    /// A signature line (counted from 0) that is not `— name base64`.
    case signatureLine(Int)
    /// More signatures than `SignedNote.signaturesMax`.
    case tooManySignatures
    /// A key name that is empty, or with a space or a plus sign in it.
    case keyName
}
