private import CSodium

/// Authenticated encryption with XChaCha20-Poly1305 (the IETF variant of libsodium).
package enum XChaCha20Poly1305 {
    package static let keyCount = 32
    package static let nonceCount = 24
    /// The bytes by which a sealed text is longer than the plain one: the tag at its end.
    package static let tagCount = 16

    /// Writes the encrypted text and its tag into `sealed`, which is exactly that long. A nonce
    /// must never be used twice with one key.
    package static func seal(
        _ plain: Span<UInt8>,
        associatedData: Span<UInt8>,
        nonce: Span<UInt8>,
        key: Span<UInt8>,
        into sealed: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        try check(nonce: nonce, key: key)
        guard sealed.count == plain.count + tagCount else {
            throw .wrongLength(expected: plain.count + tagCount, found: sealed.count)
        }
        let (count, extraCount) = (UInt64(plain.count), UInt64(associatedData.count))
        // SAFETY: the lengths of all five were checked or are passed; the length out may be null.
        unsafe lend(&sealed) { sealed in
            unsafe lend(plain, associatedData) { plain, extra in
                unsafe lend(nonce, key) { nonce, key in
                    _ = unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
                        sealed,
                        nil,
                        plain,
                        count,
                        extra,
                        extraCount,
                        nil,
                        nonce,
                        key
                    )
                }
            }
        }
    }

    /// Writes the decrypted text into `plain`, which is exactly that long; if anything was
    /// changed, nothing of the text is written and `plain` is wiped.
    package static func open(
        _ sealed: Span<UInt8>,
        associatedData: Span<UInt8>,
        nonce: Span<UInt8>,
        key: Span<UInt8>,
        into plain: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        try check(nonce: nonce, key: key)
        guard sealed.count == plain.count + tagCount else {
            throw .wrongLength(expected: plain.count + tagCount, found: sealed.count)
        }
        let (count, extraCount) = (UInt64(sealed.count), UInt64(associatedData.count))
        // SAFETY: the lengths of all five were checked or are passed; the length out may be null.
        let result = unsafe lend(&plain) { plain in
            unsafe lend(sealed, associatedData) { sealed, extra in
                unsafe lend(nonce, key) { nonce, key in
                    unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
                        plain,
                        nil,
                        nil,
                        sealed,
                        count,
                        extra,
                        extraCount,
                        nonce,
                        key
                    )
                }
            }
        }
        guard result == 0 else {
            wipe(&plain)
            throw .authenticationFailed
        }
    }

    private static func check(nonce: Span<UInt8>, key: Span<UInt8>) throws(CryptoError) {
        guard nonce.count == nonceCount else {
            throw .wrongLength(expected: nonceCount, found: nonce.count)
        }
        guard key.count == keyCount else {
            throw .wrongLength(expected: keyCount, found: key.count)
        }
    }
}
