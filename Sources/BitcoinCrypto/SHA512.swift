package import Bytes
private import CSodium

/// SHA-512 (FIPS 180-4). Not for secrets: nothing is wiped.
package enum SHA512 {
    /// The digest of one message.
    package static func hash(_ message: Span<UInt8>) -> Bytes64 {
        let count = UInt64(message.count)
        // SAFETY: 64 bytes are written and `count` read, the lengths of the two.
        return unsafe Bytes64.filled { digest in
            unsafe lend(message) { _ = unsafe crypto_hash_sha512(digest, $0, count) }
        }
    }
}
