package import Bytes
private import CSecp256k1

/// Which scheme a signature is of.
package enum SignatureScheme: Equatable, Sendable {
    case ecdsa, schnorr

    fileprivate var code: Int32 { self == .schnorr ? 1 : 0 }
}

/// What the host of a signer contributes to every nonce of a request, so that it can see that no
/// nonce was chosen to tell secrets: sign to contract, as libsecp256k1-zkp has it for ECDSA and in
/// the same way for BIP-340 (protocol.md, section 3).
package struct HostNonce: Equatable, Sendable {
    package let bytes: Bytes32

    package init(_ bytes: Bytes32) {
        self.bytes = bytes
    }

    /// What the signer is told before its nonces are fixed.
    package var commitment: Bytes32 {
        TaggedHash.hash(tag: "s2c/ecdsa/data", bytes.span)
    }
}

/// In all of these the room is 64 bytes of secret memory: the secret that signs, then a nonce,
/// which is wiped before they return.
extension Curve {
    /// Tweaks the secret in front of a room as BIP-341 says for the key path of an output.
    package func tweakTaproot(
        _ room: inout MutableSpan<UInt8>,
        publicKey: Bytes33,
        merkleRoot: Bytes32?
    ) throws(CryptoError) {
        precondition(room.count == 64, "a secret and room for a nonce")
        let tweak = taprootTweak(internalKey: publicKey.xOnly, merkleRoot: merkleRoot)
        var good: Int32 = 0
        // SAFETY: 32 bytes are read and written at the front of the room, 33 and 32 read of key and
        // tweak: no more than each has.
        unsafe lend(&room) { room in
            unsafe lend(publicKey.span, tweak.span) { key, tweak in
                good = unsafe pc_taproot_secret(context, room, key, tweak)
            }
        }
        guard good == 1 else { throw .invalidTweak }
    }

    /// The point of the nonce that a signature under this commitment starts from.
    package func openNonce(
        _ scheme: SignatureScheme,
        digest: Bytes32,
        commitment: Bytes32,
        room: inout MutableSpan<UInt8>
    ) throws(CryptoError) -> Bytes33 {
        precondition(room.count == 64, "a secret and room for a nonce")
        var good: Int32 = 0
        // SAFETY: 32 bytes are read of digest and commitment, 64 read and written in the room, 33
        // written: the lengths of the four.
        let opening = unsafe Bytes33.filled { opening in
            unsafe lend(&room) { room in
                unsafe lend(digest.span, commitment.span) { digest, commitment in
                    good = unsafe pc_s2c_open(
                        context,
                        opening,
                        room,
                        digest,
                        commitment,
                        scheme.code
                    )
                }
            }
        }
        guard good == 1 else { throw .signingFailed }
        return opening
    }

    /// The signature whose nonce holds what the host contributed; `key` must be the secret's, of
    /// whose y BIP-340 knows nothing.
    package func sign(
        _ scheme: SignatureScheme,
        digest: Bytes32,
        key: Bytes33,
        host: HostNonce,
        room: inout MutableSpan<UInt8>
    ) throws(CryptoError) -> Bytes64 {
        precondition(room.count == 64, "a secret and room for a nonce")
        let commitment = host.commitment
        var good: Int32 = 0
        // SAFETY: 32 bytes are read of digest, commitment and host nonce, 33 of the key, 64 read
        // and written in the room, 64 written: the lengths of the six.
        let signature = unsafe Bytes64.filled { signature in
            unsafe lend(&room) { room in
                unsafe lend(digest.span, commitment.span) { digest, commitment in
                    // SAFETY: as above.
                    unsafe lend(key.span, host.bytes.span) { key, host in
                        good = unsafe pc_s2c_sign(
                            context,
                            signature,
                            room,
                            digest,
                            key,
                            commitment,
                            host,
                            scheme.code
                        )
                    }
                }
            }
        }
        guard good == 1 else { throw .signingFailed }
        return signature
    }

    /// The host's check: whether the nonce of a signature is the one that was opened, with what
    /// the host contributed. Whether the signature is valid is another question.
    package func verify(
        _ signature: Bytes64,
        of scheme: SignatureScheme,
        opening: Bytes33,
        host: HostNonce
    ) -> Bool {
        // SAFETY: 64, 33 and 32 bytes are read, the lengths of the three.
        unsafe lend(signature.span, opening.span, host.bytes.span) { signature, opening, host in
            unsafe pc_s2c_verify(context, signature, opening, host, scheme.code)
        } == 1
    }
}
