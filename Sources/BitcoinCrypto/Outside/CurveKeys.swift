package import Bytes
private import CSecp256k1

extension Curve {
    /// The compressed form of a public key of 33 bytes, or of 65 beginning with 4; anything else,
    /// and any point that is not on the curve, is refused.
    package func compress(_ key: Span<UInt8>) throws(CryptoError) -> Bytes33 {
        let count = key.count
        var good: Int32 = 0
        // SAFETY: `count` bytes are read and 33 written, the lengths of key and result.
        let compressed = unsafe Bytes33.filled { compressed in
            unsafe lend(key) { good = unsafe pc_compress(context, compressed, $0, count) }
        }
        guard good == 1 else { throw .invalidPublicKey }
        return compressed
    }

    /// The form of 65 bytes of a compressed key.
    package func uncompress(_ key: Bytes33) throws(CryptoError) -> FixedBytes<65> {
        var good: Int32 = 0
        // SAFETY: 33 bytes are read and 65 written, the lengths of the two.
        let long = unsafe FixedBytes<65>.filled { long in
            unsafe lend(key.span) { good = unsafe pc_uncompress(context, long, $0) }
        }
        guard good == 1 else { throw .invalidPublicKey }
        return long
    }

    /// Turns a secret, whose key is `publicKey`, into that of BIP-341's key path, in place.
    package func tweakTaprootSecret(
        _ secret: inout MutableSpan<UInt8>,
        publicKey: Bytes33,
        merkleRoot: Bytes32?
    ) throws(CryptoError) {
        precondition(secret.count == 32, "a secret is 32 bytes")
        let tweak = taprootTweak(internalKey: publicKey.xOnly, merkleRoot: merkleRoot)
        // SAFETY: 32 bytes of secret and tweak and 33 of the key are used, their lengths.
        let good = unsafe lend(&secret) { secret in
            unsafe lend(publicKey.span, tweak.span) { key, tweak in
                unsafe pc_taproot_secret(context, secret, key, tweak)
            }
        }
        guard good == 1 else { throw .invalidTweak }
    }
}
