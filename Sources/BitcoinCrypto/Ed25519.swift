package import Bytes
private import CSodium

/// Ed25519 (RFC 8032), which signs checkpoints, and checks the signatures of approvers and admins.
package enum Ed25519 {
    /// The bytes of a secret key as libsodium keeps it: the seed, then the public key.
    package static let secretKeyCount = 64

    /// Fills the 64 bytes of `secretKey` from a 32-byte seed and gives the public key.
    package static func makeKey(
        seed: Span<UInt8>,
        into secretKey: inout MutableSpan<UInt8>
    ) -> Bytes32 {
        precondition(seed.count == 32 && secretKey.count == secretKeyCount, "wrong length")
        // SAFETY: the function reads 32 bytes and writes 32 and 64, the lengths checked above.
        return unsafe Bytes32.filled { publicKey in
            unsafe lend(&secretKey) { secretKey in
                unsafe lend(seed) { seed in
                    _ = unsafe crypto_sign_ed25519_seed_keypair(publicKey, secretKey, seed)
                }
            }
        }
    }

    /// The signature of `message`; the same message always gives the same signature.
    package static func sign(message: Span<UInt8>, secretKey: Span<UInt8>) -> Bytes64 {
        precondition(secretKey.count == secretKeyCount, "wrong length")
        let count = UInt64(message.count)
        // SAFETY: the key has the 64 bytes that are read, `count` is the message's, and the
        // signature's 64 bytes are written; a null count pointer is permitted.
        return unsafe Bytes64.filled { signature in
            unsafe lend(message, secretKey) { message, key in
                _ = unsafe crypto_sign_ed25519_detached(signature, nil, message, count, key)
            }
        }
    }

    /// Whether the signature is good. A value S that is not below the group order, a key of small
    /// order and an encoding that is not canonical are refused (libsodium's strict rules).
    package static func verify(
        signature: Bytes64,
        message: Span<UInt8>,
        publicKey: Bytes32
    ) -> Bool {
        let count = UInt64(message.count)
        // SAFETY: signature and key have the 64 and 32 bytes read, and `count` is the message's.
        return unsafe lend(signature.span, message, publicKey.span) { signature, message, key in
            unsafe crypto_sign_ed25519_verify_detached(signature, message, count, key) == 0
        }
    }
}
