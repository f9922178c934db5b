private import Bitcoin
private import BitcoinCrypto
package import Bytes

/// A compiled policy whose every byte was held against protocol.md, section 4, read in place.
///
/// It borrows the bytes and owns nothing. Accessors may rely on what `init(checking:)` proved, and
/// still cannot leave the bytes: every load is bounds-checked.
package struct CheckedBundle: ~Escapable {
    /// All the bitcoin there can be, in satoshi.
    package static let moneyMax = Amount.satoshisMax

    package let bytes: Span<UInt8>
    package let layout: BundleLayout

    /// Checks all of `bytes`, once, in time linear in their number.
    @_lifetime(copy bytes)
    package init(checking bytes: Span<UInt8>) throws(BundleError) {
        var checker = BundleChecker(bytes)
        try checker.check()
        self.bytes = bytes
        layout = checker.layout
    }

    /// Looks again at bytes that were checked before and have not changed since.
    @_lifetime(copy bytes)
    package init(reading bytes: Span<UInt8>, layout: BundleLayout) {
        precondition(bytes.count == layout.byteCount, "a layout of other bytes")
        self.bytes = bytes
        self.layout = layout
    }

    /// The bundle hash: what leaves and the state record name.
    package var hash: Bytes32 { TaggedHash.hash(tag: "portcullis/bundle/1", bytes) }

    /// The number of the bundle in its line, from 1.
    package var epoch: UInt64 { bytes.littleEndian64(at: BundleHeader.epochOffset) }

    /// The satoshi that the signer will ever release before a refill.
    package var allowance: UInt64 { bytes.littleEndian64(at: BundleHeader.allowanceOffset) }

    /// How many different admins a refill, a recovery or a new policy needs.
    package var adminThreshold: Int { Int(bytes[BundleHeader.adminThresholdOffset]) }

    /// The number of admin keys.
    package var adminCount: Int { Int(bytes[BundleHeader.adminCountOffset]) }

    /// Admin key `index` in SSH wire form (51 bytes).
    @_lifetime(copy self)
    package func adminKey(at index: Int) -> Span<UInt8> {
        precondition(index >= 0 && index < adminCount, "no such admin key")
        let stride = 2 + SSHPublicKey.byteCount
        let start = layout.adminKeys + index * stride + 2
        return bytes.extracting(start..<(start + SSHPublicKey.byteCount))
    }

    /// A mask of the lowest `count` bits, 0 to 64.
    static func mask(ofLowest count: Int) -> UInt64 {
        count == 64 ? .max : (1 << UInt64(count)) - 1
    }
}
