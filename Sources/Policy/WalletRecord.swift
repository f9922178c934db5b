package import Bitcoin
private import BitcoinCrypto
package import Bytes

/// One wallet of a checked bundle, read in place.
package struct WalletRecord: ~Escapable {
    /// The bit that makes a BIP-32 step hardened.
    package static let hardened: UInt32 = 0x8000_0000
    /// The most steps of an account path.
    package static let depthMax = 8
    /// The most branches of a multipath tuple.
    package static let branchCountMax = 16
    static let ownKey: UInt8 = 1

    let bytes: Span<UInt8>
    let start: Int

    /// The record that starts at `start` of a bundle that was checked at least that far.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, at start: Int) {
        self.bytes = bytes
        self.start = start
    }

    var template: Int { start + 1 + Int(bytes[start]) }
    private var depthOffset: Int { template + 7 }
    private var branchesOffset: Int { depthOffset + 1 + 4 * stepCount }
    var templateEnd: Int { branchesOffset + 1 + 4 * branchCount }

    var outputKindCode: UInt8 { bytes[template] }

    /// The kind of output the wallet owns.
    package var outputKind: OutputKind {
        guard let kind = OutputKind(rawValue: outputKindCode) else {
            preconditionFailure("unchecked wallet")
        }
        return kind
    }

    /// The highest address index of each branch that is the wallet's.
    package var indexMax: UInt32 { bytes.littleEndian32(at: template + 1) }

    /// The number of steps from the master key to the account key, 3 to 8.
    package var stepCount: Int { Int(bytes[depthOffset]) }

    /// Step `place` of the account path, a BIP-32 number with bit 31 set.
    package func step(_ place: Int) -> UInt32 {
        precondition(place >= 0 && place < stepCount, "no such step")
        return bytes.littleEndian32(at: depthOffset + 1 + 4 * place)
    }

    /// The number of branches below the account key, 1 to 16.
    package var branchCount: Int { Int(bytes[branchesOffset]) }

    /// Branch `place` of the multipath tuple, an unhardened BIP-32 number.
    package func branch(_ place: Int) -> UInt32 {
        precondition(place >= 0 && place < branchCount, "no such branch")
        return bytes.littleEndian32(at: branchesOffset + 1 + 4 * place)
    }

    /// The steps of the path as they stand in the bundle.
    var path: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting(depthOffset..<branchesOffset) }
    }

    /// The wallet id: the tagged hash of the template, so that renaming keeps it.
    package var id: Bytes32 {
        TaggedHash.hash(tag: "portcullis/wallet/1", bytes.extracting(template..<templateEnd))
    }
}
