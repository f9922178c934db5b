private import BitcoinCrypto
package import Bytes

extension SighashMidstates {
    /// The SHA-256 of one serialized output, for SIGHASH_SINGLE.
    package static func outputHash(amount: UInt64, script: Span<UInt8>) -> Bytes32 {
        var hasher = SHA256()
        hasher.update(amount)
        hasher.updateVector(script)
        return hasher.finalize()
    }
}
