package import Bytes

/// The tagged hash of BIP-340: `H(H(tag) || H(tag) || message)`, fed piece by piece. A value made
/// once can be copied for each message, which saves hashing the tag.
package struct TaggedHash: Sendable {
    private var hasher: SHA256

    package init(_ tag: StaticString) {
        var name = SHA256()
        name.update(tag)
        let digest = name.finalize()
        hasher = SHA256()
        hasher.update(digest)
        hasher.update(digest)
    }

    /// Adds the bytes to the message.
    package mutating func update(_ bytes: Span<UInt8>) {
        hasher.update(bytes)
    }

    /// Adds a hash, a key or a signature to the message.
    package mutating func update<let size: Int>(_ bytes: FixedBytes<size>) {
        hasher.update(bytes.span)
    }

    /// The digest; afterwards the value is of no more use.
    package mutating func finalize() -> Bytes32 {
        hasher.finalize()
    }

    /// The digest of one message.
    package static func hash(tag: StaticString, _ bytes: Span<UInt8>) -> Bytes32 {
        var hasher = TaggedHash(tag)
        hasher.update(bytes)
        return hasher.finalize()
    }
}
