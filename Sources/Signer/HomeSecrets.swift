import Bytes
package import SecretMemory
import Wire

/// Every secret that the signer holds, each in its place in memory that no other process can read.
package struct HomeSecrets: ~Copyable {
    /// `u64 version = 1 | seed[64] | auditRoot[32] | recordKey[32] | leafKey[32]` (protocol.md,
    /// section 7).
    package static let keystoreByteCount = 168
    package static let version: UInt8 = 1
    static let seedRange = 8..<72
    static let auditRootRange = 72..<104
    static let recordKeyRange = 104..<136
    static let leafKeyRange = 136..<168

    var plain: SecretBytes
    /// The Ed25519 key of the log in force.
    var auditKey: SecretBytes
    /// The private node of every branch of every own key.
    var branches: SecretBytes
    /// A node that is being derived, and room for the step.
    var node: SecretBytes
    var scratch: SecretBytes
    /// A key that lives for one call: that of the keystore, the seed that blinds the curve.
    var transient: SecretBytes
    /// The operator's frame, or what init was given: a passphrase, a mnemonic.
    var words: SecretBytes
    var moreWords: SecretBytes

    package static let wordsByteCount = 2_048 + 8
    /// What an unlock's frame has room for, behind its kind and the length.
    package static let passphraseByteCountMax = MessageKind.unlock.lengthMax - 1 - 2

    /// Takes the memory for a bundle whose own keys have so many nodes.
    package init(nodeCount: Int) throws(SecretMemoryError) {
        let branchesByteCount = 64 * max(nodeCount, 1)
        // Each piece may leave a gap before the next.
        let fixedByteCount =
            Self.keystoreByteCount + 3 * 64 + 32 + 2 * Self.wordsByteCount
            + 8 * SecretPool.alignment
        var pool = try SecretPool(byteCount: fixedByteCount + branchesByteCount)
        plain = pool.take(Self.keystoreByteCount)
        auditKey = pool.take(64)
        branches = pool.take(branchesByteCount)
        node = pool.take(64)
        scratch = pool.take(64)
        transient = pool.take(32)
        words = pool.take(Self.wordsByteCount)
        moreWords = pool.take(Self.wordsByteCount)
    }

    /// Authenticates the state record.
    package var recordKey: Span<UInt8> {
        @_lifetime(borrow self) get { plain.bytes.extracting(Self.recordKeyRange) }
    }

    /// Tags and salts the signer's leaves.
    package var leafKey: Span<UInt8> {
        @_lifetime(borrow self) get { plain.bytes.extracting(Self.leafKeyRange) }
    }

    var seed: Span<UInt8> {
        @_lifetime(borrow self) get { plain.bytes.extracting(Self.seedRange) }
    }

    /// Where a private node of an own key stands in `branches`.
    func node(_ place: Int) -> Range<Int> {
        64 * place..<64 * (place + 1)
    }

    /// Forgets what signing does not need: the seed, the root of the audit keys, and everything
    /// transient.
    mutating func wipeRoots() {
        var roots = plain.mutableBytes._consumingExtracting(0..<Self.auditRootRange.upperBound)
        roots.wipe()
        node.wipe()
        scratch.wipe()
        transient.wipe()
        words.wipe()
        moreWords.wipe()
        wipeStack()
    }

    /// Forgets everything.
    mutating func wipe() {
        plain.wipe()
        auditKey.wipe()
        branches.wipe()
        wipeRoots()
    }
}
