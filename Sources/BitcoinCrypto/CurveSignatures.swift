package import Bytes
private import CSecp256k1

extension Curve {
    // MARK: ECDSA

    /// The signature r and s, each 32 bytes big-endian: RFC 6979 with r ground below 2^255 exactly
    /// as Bitcoin Core does, s low. It is verified with `publicKey`, which is computed if it is not
    /// given; a key that is not the secret's fails there.
    package func signECDSA(
        digest: Bytes32,
        secret: Span<UInt8>,
        publicKey: Bytes33? = nil
    ) throws(CryptoError) -> Bytes64 {
        precondition(secret.count == 32, "a secret is 32 bytes")
        var good: Int32 = 0
        // SAFETY: 32, 32 and 33 bytes are read and 64 written, the lengths of the four.
        let signature = unsafe Bytes64.filled { signature in
            unsafe lend(digest.span, secret) { digest, secret in
                guard let publicKey else {
                    // SAFETY: as above; the key may be null.
                    good = unsafe pc_ecdsa_sign(context, signature, digest, secret, nil)
                    return
                }
                // SAFETY: as above.
                unsafe lend(publicKey.span) { key in
                    good = unsafe pc_ecdsa_sign(context, signature, digest, secret, key)
                }
            }
        }
        guard good == 1 else { throw .signingFailed }
        return signature
    }

    // MARK: BIP-340

    /// The signature of BIP-341's key path, made from the untweaked secret and its public key.
    ///
    /// `outputKey` is the key in the output's script; if the tweaked secret is not that key's,
    /// nothing is signed. This costs no more than signing with a tweaked secret.
    package func signTaproot(
        digest: Bytes32,
        secret: Span<UInt8>,
        publicKey: Bytes33,
        merkleRoot: Bytes32?,
        outputKey: Bytes32
    ) throws(CryptoError) -> Bytes64 {
        precondition(secret.count == 32, "a secret is 32 bytes")
        let tweak = taprootTweak(internalKey: publicKey.xOnly, merkleRoot: merkleRoot)
        var good: Int32 = 0
        // SAFETY: 32 bytes are read of digest, secret, tweak and output key, 33 of the public key,
        // and 64 written: the lengths of the six.
        let signature = unsafe Bytes64.filled { signature in
            unsafe lend(digest.span, secret, publicKey.span) { digest, secret, key in
                // SAFETY: as above.
                unsafe lend(tweak.span, outputKey.span) { tweak, output in
                    good = unsafe pc_taproot_sign(
                        context,
                        signature,
                        digest,
                        secret,
                        key,
                        tweak,
                        output
                    )
                }
            }
        }
        guard good == 1 else { throw .signingFailed }
        return signature
    }

    /// The signature of a key in a tapscript, which must be `publicKey`.
    package func signTapscript(
        digest: Bytes32,
        secret: Span<UInt8>,
        publicKey: Bytes33
    ) throws(CryptoError) -> Bytes64 {
        precondition(secret.count == 32, "a secret is 32 bytes")
        let key = publicKey.xOnly
        var good: Int32 = 0
        // SAFETY: 32 bytes are read of digest, secret and x-only key, 33 of the public key, and 64
        // written: the lengths of the five.
        let signature = unsafe Bytes64.filled { signature in
            unsafe lend(digest.span, secret, publicKey.span) { digest, secret, compressed in
                // SAFETY: as above; there is no tweak, so the pointer is null.
                unsafe lend(key.span) { key in
                    good = unsafe pc_taproot_sign(
                        context,
                        signature,
                        digest,
                        secret,
                        compressed,
                        nil,
                        key
                    )
                }
            }
        }
        guard good == 1 else { throw .signingFailed }
        return signature
    }
}
