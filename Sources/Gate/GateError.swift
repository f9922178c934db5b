package import Bytes

/// Why the gate stops. Every one of these ends the process; none is answered to a client.
package enum GateError: Error, Equatable, Sendable {
    /// The kernel refused a call on a file.
    case file(FileCall, errno: Int32)
    /// A write was taken in part: what reached the file is unknown.
    case shortWrite(wrote: Int, of: Int)
    /// A read ended before `needed` bytes.
    case shortRead(got: Int, needed: Int)
    /// An earlier write or flush failed, so nothing is written any more.
    case poisoned
    /// Another process holds the log.
    case locked
    /// There is no journal, and the signer remembers a log of this size.
    case journalMissing(signerSize: UInt64)
    /// The journal ends before the size that the signer or a checkpoint vouches for.
    case logBehind(size: UInt64, acknowledged: UInt64)
    /// The journal is damaged at this byte.
    case damaged(at: Int, JournalDamage)
    /// This leaf does not continue the log before it.
    case badLeaf(index: UInt64, LeafFault)
    /// The published checkpoint is not a note that the audit key signed.
    case checkpointDamaged
    /// The journal's tree is not the one that the signer or the checkpoint knows at this size.
    case otherTree(size: UInt64)
    /// A later log exists beside the one that the signer names.
    case laterLog(number: UInt32)
    /// The bundle is not the one that the signer holds.
    case bundleMismatch
    /// The bundle cannot be read.
    case bundleDamaged
    /// The bundle asks for limits or conditions that are not enforced.
    case unsupportedPolicy
    /// The clock that limits age by went back within one boot.
    case boottimeWentBack(from: UInt64, to: UInt64)
    /// The signer broke the protocol.
    case signerFault(SignerFault)
    /// The signer refused to take the log up.
    case resumeRefused(code: UInt16)
    /// The signer hung up.
    case signerGone
    /// There is no randomness, clock or descriptor.
    case kernel(errno: Int32)
}

/// The calls on files, to name the one that failed.
package enum FileCall: UInt8, Sendable {
    case open = 1
    case read
    case write
    case sync
    case size
    case makeDirectory
    case rename
    case unlink
    case lock
}

/// What is wrong with a journal.
package enum JournalDamage: Equatable, Sendable {
    /// A batch that was read before does not verify any more; the journal ends at this byte.
    case batchBeforeGood(goodAt: Int)
    /// The batch at this byte is whole and does not continue the ones before it.
    case batchOfOtherChain(at: Int)
    /// A batch does not verify, and another one begins at this byte.
    case batchBeforeMark(at: Int)
    /// No batch verifies any more, and more bytes follow than one can have.
    case tailTooLong(count: Int)
    /// The last batch is torn, and its leaves had been acknowledged.
    case acknowledgedTail(nextIndex: UInt64, acknowledged: UInt64)
    /// The journal was begun for another log.
    case otherOrigin
}

/// Why a leaf cannot stand where it stands.
package enum LeafFault: Equatable, Sendable {
    case malformed(ByteError)
    case empty
    case tooLong(count: Int)
    case decisionWithoutCharge
    case chargeWithoutDecision
    case chargedWithoutFacts
    case chargedTwice
    case ruleNotMatching(UInt16)
    case unknownLimit(UInt16)
    /// What it charges to a limit of each destination is not what its destinations say.
    case wrongDestinationCharge(UInt16)
    case otherBundle
    case timeWentBack
    case boottimeWentBack
}

/// How the signer broke the protocol.
package enum SignerFault: Equatable, Sendable {
    case frame
    case malformed(kind: UInt8)
    case unexpected(kind: UInt8)
    case wrongSlot
    case wrongDigest
    case wrongLeaf
    case wrongHeadSize(found: UInt64, expected: UInt64)
    case wrongRoot(size: UInt64)
    case wrongHeadSignature(size: UInt64)
    case wrongSignatureCount
    case refusedWithoutCode
}
