private import BitcoinCrypto
package import Bytes

/// What a signature of a message commits to.
package enum SignedMessage {
    private static let legacyMagic: StaticString = "Bitcoin Signed Message:\n"

    /// The digest of a message in the legacy format, which BIP-137 describes.
    ///
    /// It is the digest of no transaction. The hashed bytes begin with 18426974, and those of a
    /// transaction that we sign with its version, 1 or 2; and they end with the text, while those
    /// of any transaction end with three zero bytes, which a text does not have.
    package static func legacyDigest(_ text: Span<UInt8>) -> Bytes32 {
        var hasher = SHA256()
        hasher.update(UInt8(legacyMagic.utf8CodeUnitCount))
        for place in 0..<legacyMagic.utf8CodeUnitCount {
            hasher.update(legacyMagic.byte(at: place))
        }
        hasher.updateVector(text)
        let once = hasher.finalize()
        return SHA256.hash(once.span)
    }

    /// The id of `to_spend` (BIP-322): a transaction that pays nothing to `script`, of an input
    /// that does not exist and that names the text.
    package static func toSpend(_ text: Span<UInt8>, script: Span<UInt8>) -> Bytes32 {
        var hasher = SHA256()
        hasher.update(UInt32(0))  // the version
        hasher.update(UInt8(1))
        hasher.update(Bytes32.zero)
        hasher.update(UInt32.max)
        hasher.update(number: 0x2000_22, count: 3)  // 34 bytes: OP_0, a push of 32
        hasher.update(TaggedHash.hash(tag: "BIP0322-signed-message", text))
        hasher.update(UInt32(0))  // the sequence
        hasher.update(UInt8(1))
        hasher.update(UInt64(0))  // the amount
        hasher.updateVector(script)
        hasher.update(UInt32(0))  // the lock time
        let once = hasher.finalize()
        return SHA256.hash(once.span)
    }

    /// The one output of `to_sign`: nothing, to nobody.
    package static let toSignOutput: UInt8 = 0x6a
}
