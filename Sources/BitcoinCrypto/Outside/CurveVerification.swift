package import Bytes
private import CSecp256k1

extension Curve {
    /// Whether a signature with low s is good for a key of 33 bytes, or of 65 beginning with 4.
    package func verifyECDSA(
        signature: Bytes64,
        digest: Bytes32,
        publicKey: Span<UInt8>
    ) -> Bool {
        let count = publicKey.count
        // SAFETY: 64, 32 and `count` bytes are read, the lengths of the three.
        return unsafe lend(signature.span, digest.span, publicKey) { signature, digest, key in
            unsafe pc_ecdsa_verify(context, signature, digest, key, count)
        } == 1
    }

    /// The r and s of a signature in strict DER (BIP-66), without its hash type byte.
    package func compact(fromDER der: Span<UInt8>) throws(CryptoError) -> Bytes64 {
        let count = der.count
        var good: Int32 = 0
        // SAFETY: `count` bytes are read and 64 written, the lengths of the two.
        let signature = unsafe Bytes64.filled { signature in
            unsafe lend(der) { good = unsafe pc_der_to_compact(context, signature, $0, count) }
        }
        guard good == 1 else { throw .invalidSignature }
        return signature
    }

    /// Writes r and s in DER, at most 72 bytes.
    package func writeDER(
        _ signature: Bytes64,
        into writer: inout ByteWriter
    ) throws(CryptoError) {
        var (good, count): (Int32, Int) = (0, 0)
        // SAFETY: 64 bytes are read and at most 72 written, the lengths of the two.
        let der = unsafe FixedBytes<72>.filled { der in
            unsafe lend(signature.span) { signature in
                good = unsafe pc_compact_to_der(context, der, &count, signature)
            }
        }
        guard good == 1 else { throw .invalidSignature }
        do {
            try writer.write(der.span.extracting(0..<count))
        } catch {
            throw .tooLong(count: count, limit: writer.remaining)
        }
    }

    /// The signature of a digest with the secret's own key and zero auxiliary data (BIP-340).
    package func signSchnorr(
        digest: Bytes32,
        secret: Span<UInt8>
    ) throws(CryptoError) -> Bytes64 {
        try signSchnorr(message: digest.span, secret: secret, auxiliary: .zero)
    }

    /// The signature of a message of any length, with auxiliary data (BIP-340).
    package func signSchnorr(
        message: Span<UInt8>,
        secret: Span<UInt8>,
        auxiliary: Bytes32
    ) throws(CryptoError) -> Bytes64 {
        precondition(secret.count == 32, "a secret is 32 bytes")
        let count = message.count
        var good: Int32 = 0
        // SAFETY: `count`, 32 and 32 bytes are read and 64 written, the lengths of the four.
        let signature = unsafe Bytes64.filled { signature in
            unsafe lend(message, secret, auxiliary.span) { message, secret, extra in
                good = unsafe pc_schnorr_sign(context, signature, message, count, secret, extra)
            }
        }
        guard good == 1 else { throw .signingFailed }
        return signature
    }

    /// Whether a BIP-340 signature of a digest is good for the x-only key.
    package func verifySchnorr(
        signature: Bytes64,
        digest: Bytes32,
        publicKey: Bytes32
    ) -> Bool {
        verifySchnorr(signature: signature, message: digest.span, publicKey: publicKey)
    }

    /// Whether a BIP-340 signature of a message of any length is good for the x-only key.
    package func verifySchnorr(
        signature: Bytes64,
        message: Span<UInt8>,
        publicKey: Bytes32
    ) -> Bool {
        let count = message.count
        // SAFETY: 64, `count` and 32 bytes are read, the lengths of the three.
        return unsafe lend(signature.span, message, publicKey.span) { signature, message, key in
            unsafe pc_schnorr_verify(context, signature, message, count, key)
        } == 1
    }
}
