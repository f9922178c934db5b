package import Bytes
private import CSecp256k1

extension Curve {
    /// The key that an ECDSA signature is good for: one of up to four, by its number from 0 to 3;
    /// nothing where there is none.
    package func recoverECDSA(
        signature: Bytes64,
        digest: Bytes32,
        number: Int
    ) -> Bytes33? {
        var good: Int32 = 0
        // SAFETY: 64 and 32 bytes are read and 33 written, the lengths of the three.
        let key = unsafe Bytes33.filled { key in
            unsafe lend(signature.span, digest.span) { signature, digest in
                good = unsafe pc_ecdsa_recover(context, key, signature, Int32(number), digest)
            }
        }
        return good == 1 ? key : nil
    }
}
