package import BitcoinCrypto
import Bytes
package import SecretMemory
package import Wire

/// The file of the keys: a header in the clear, then the keys, sealed with a key made from the
/// passphrase.
package enum Keystore {
    /// Header, encrypted keys, tag.
    package static let byteCount =
        KeystoreHeader.byteCount + HomeSecrets.keystoreByteCount + XChaCha20Poly1305.tagCount

    /// Decrypts the keys into `secrets.plain` with the passphrase that stands at `passphrase` of
    /// `secrets.words`.
    package static func open(
        _ memory: borrowing Arena,
        passphrase: Range<Int>,
        _ secrets: inout HomeSecrets
    ) throws(RefusalDetail) -> KeystoreHeader {
        let file = memory.bytes
        precondition(file.count == byteCount, "a whole keystore")
        let start = KeystoreHeader.byteCount
        guard let header = KeystoreHeader(reading: file.extracting(0..<start)) else {
            throw RefusalDetail(.damagedKeystore)
        }
        do throws(CryptoError) {
            try deriveKey(header, &secrets.transient, secrets.words, passphrase)
            try decrypt(file, header, secrets.transient, into: &secrets.plain)
        } catch {
            // Argon2id found no memory, or the passphrase or a byte of the file is another.
            let refusal = error == .outOfMemory ? Refusal.damagedKeystore : .wrongPassphrase
            throw RefusalDetail(refusal)
        }
        secrets.transient.wipe()
        wipeStack()
        guard secrets.plain.bytes.number(at: 0, byteCount: 8) == UInt64(HomeSecrets.version) else {
            throw RefusalDetail(.damagedKeystore)
        }
        return header
    }

    /// Writes header and encrypted keys into `file`, exactly `byteCount` bytes. The header's nonce
    /// must be fresh.
    @_lifetime(file: copy file)
    package static func seal(
        _ header: KeystoreHeader,
        passphrase: Range<Int>,
        _ secrets: inout HomeSecrets,
        into file: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        precondition(file.count == byteCount, "a whole keystore")
        try deriveKey(header, &secrets.transient, secrets.words, passphrase)
        var sealed = FixedBytes<184>.zero
        var room = sealed.mutableSpan
        var head = file._mutatingExtracting(0..<KeystoreHeader.byteCount)
        _ = head.write { writer throws(ByteError) in try header.write(to: &writer) }
        try XChaCha20Poly1305.seal(
            secrets.plain.bytes,
            associatedData: head.span,
            nonce: header.nonce.span,
            key: secrets.transient.bytes,
            into: &room
        )
        file.store(room.span, at: KeystoreHeader.byteCount)
        secrets.transient.wipe()
        wipeStack()
    }

    private static func decrypt(
        _ file: Span<UInt8>,
        _ header: KeystoreHeader,
        _ key: borrowing SecretBytes,
        into secret: inout SecretBytes
    ) throws(CryptoError) {
        var plain = secret.mutableBytes
        try XChaCha20Poly1305.open(
            file.extracting(KeystoreHeader.byteCount...),
            associatedData: file.extracting(0..<KeystoreHeader.byteCount),
            nonce: header.nonce.span,
            key: key.bytes,
            into: &plain
        )
    }

    private static func deriveKey(
        _ header: KeystoreHeader,
        _ secret: inout SecretBytes,
        _ words: borrowing SecretBytes,
        _ passphrase: Range<Int>
    ) throws(CryptoError) {
        var key = secret.mutableBytes
        try Argon2id.derive(
            password: words.bytes.extracting(passphrase),
            salt: header.salt.span,
            passes: header.passes,
            memoryKiB: header.memoryKiB,
            into: &key
        )
    }
}
