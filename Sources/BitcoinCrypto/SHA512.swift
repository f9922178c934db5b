package import Bytes
private import CSodium

/// SHA-512 (FIPS 180-4), fed piece by piece. Not for secrets: nothing is wiped.
package struct SHA512: Sendable {
    private var state: crypto_hash_sha512_state

    package init() {
        state = crypto_hash_sha512_state()
        // SAFETY: the pointer is to a whole state, lent for the call.
        _ = unsafe crypto_hash_sha512_init(&state)
    }

    /// Adds the bytes to the message.
    package mutating func update(_ bytes: Span<UInt8>) {
        let count = UInt64(bytes.count)
        // SAFETY: the pointer is to `count` bytes, and `state` was initialized.
        unsafe lend(bytes) { bytes in
            _ = unsafe crypto_hash_sha512_update(&state, bytes, count)
        }
    }

    /// The digest; afterwards the value is as new.
    package mutating func finalize() -> Bytes64 {
        // SAFETY: the function writes the 64 bytes lent to it, and `state` was initialized.
        let digest = unsafe Bytes64.filled { room in
            _ = unsafe crypto_hash_sha512_final(&state, room)
        }
        self = SHA512()
        return digest
    }

    /// The digest of one message.
    package static func hash(_ message: Span<UInt8>) -> Bytes64 {
        var hasher = SHA512()
        hasher.update(message)
        return hasher.finalize()
    }
}
