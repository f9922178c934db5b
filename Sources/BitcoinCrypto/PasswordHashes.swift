private import CSodium

/// Argon2id version 1.3 (RFC 9106) with one lane, which turns a passphrase into a key. It
/// allocates its working memory, so it cannot run after lock-down.
package enum Argon2id {
    package static let saltCount = 16
    package static let passesMin: UInt32 = 1
    package static let passesMax: UInt32 = 16
    /// 8 MiB.
    package static let memoryKiBMin: UInt32 = 8 << 10
    /// 1 GiB.
    package static let memoryKiBMax: UInt32 = 1 << 20

    /// Fills `key`, at least 16 bytes, after checking the bounds and before any work.
    package static func derive(
        password: Span<UInt8>,
        salt: Span<UInt8>,
        passes: UInt32,
        memoryKiB: UInt32,
        into key: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        guard passes >= passesMin, passes <= passesMax, memoryKiB >= memoryKiBMin,
            memoryKiB <= memoryKiBMax, password.count <= 0xFFFF, key.count >= 16,
            key.count <= 0xFFFF
        else { throw .parametersOutOfRange }
        guard salt.count == saltCount else {
            throw .wrongLength(expected: saltCount, found: salt.count)
        }
        let (keyCount, passwordCount) = (UInt64(key.count), UInt64(password.count))
        let (work, memory) = (UInt64(passes), Int(memoryKiB) * 1_024)
        // SAFETY: key and password have the lengths passed, the salt the 16 bytes that are read.
        let result = unsafe lend(&key) { key in
            unsafe lend(password, salt) { password, salt in
                // SAFETY: as above; the password is any bytes, which C calls characters.
                let text = unsafe UnsafeRawPointer(password).assumingMemoryBound(to: CChar.self)
                return unsafe crypto_pwhash(
                    key,
                    keyCount,
                    text,
                    passwordCount,
                    salt,
                    work,
                    memory,
                    crypto_pwhash_ALG_ARGON2ID13
                )
            }
        }
        guard result == 0 else {
            wipe(&key)
            throw .outOfMemory
        }
    }
}

/// PBKDF2 (RFC 8018) with HMAC-SHA-512, which BIP-39 uses.
package enum PBKDF2 {
    /// Fills `key` from a password and a salt in two pieces.
    package static func hmacSHA512(
        password: Span<UInt8>,
        salt: Span<UInt8>,
        _ saltEnd: Span<UInt8>,
        rounds: UInt32,
        into key: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        guard rounds >= 1, key.count > 0 else { throw .parametersOutOfRange }
        let (count, passwordCount) = (key.count, password.count)
        let (saltCount, endCount) = (salt.count, saltEnd.count)
        // SAFETY: the counts passed are those of the four spans.
        unsafe lend(&key) { key in
            unsafe lend(password, salt, saltEnd) { password, salt, end in
                unsafe pc_pbkdf2_hmac_sha512(
                    key,
                    count,
                    password,
                    passwordCount,
                    salt,
                    saltCount,
                    end,
                    endCount,
                    rounds
                )
            }
        }
    }
}
