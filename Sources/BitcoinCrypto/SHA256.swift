package import Bytes
private import CSodium

/// SHA-256 (FIPS 180-4), fed piece by piece. A copy continues from the same point, so a prefix that
/// many messages share is hashed once. Not for secrets: nothing is wiped.
package struct SHA256: Sendable {
    private var state: crypto_hash_sha256_state

    package init() {
        state = crypto_hash_sha256_state()
        // SAFETY: the pointer is to a whole state, lent for the call.
        _ = unsafe crypto_hash_sha256_init(&state)
    }

    /// Adds the bytes to the message.
    package mutating func update(_ bytes: Span<UInt8>) {
        let count = UInt64(bytes.count)
        // SAFETY: the pointer is to `count` bytes, and `state` was initialized.
        unsafe lend(bytes) { bytes in
            _ = unsafe crypto_hash_sha256_update(&state, bytes, count)
        }
    }

    /// Adds a hash, a key or a signature to the message.
    package mutating func update<let size: Int>(_ bytes: FixedBytes<size>) {
        update(bytes.span)
    }

    /// Adds the UTF-8 bytes of a text known when the program was built.
    package mutating func update(_ text: StaticString) {
        precondition(text.hasPointerRepresentation, "a string literal, not a scalar literal")
        // SAFETY: the text is immortal memory of `utf8CodeUnitCount` bytes.
        _ = unsafe crypto_hash_sha256_update(&state, text.utf8Start, UInt64(text.utf8CodeUnitCount))
    }

    /// The digest; afterwards the value is as new.
    package mutating func finalize() -> Bytes32 {
        // SAFETY: the function writes the 32 bytes lent to it, and `state` was initialized.
        let digest = unsafe Bytes32.filled { room in
            _ = unsafe crypto_hash_sha256_final(&state, room)
        }
        self = SHA256()
        return digest
    }

    /// The digest of one message.
    package static func hash(_ bytes: Span<UInt8>) -> Bytes32 {
        var hasher = SHA256()
        hasher.update(bytes)
        return hasher.finalize()
    }

    /// The digest of the digest, which Bitcoin uses for transactions and blocks.
    package static func doubleHash(_ bytes: Span<UInt8>) -> Bytes32 {
        hash(hash(bytes).span)
    }
}
