package import Bitcoin
private import BitcoinCrypto
package import Bytes

/// One wallet of a checked bundle, read in place.
package struct WalletRecord: ~Escapable {
    /// The bit that makes a BIP-32 step hardened.
    package static let hardened: UInt32 = 0x8000_0000
    /// The most steps of the path of an own key.
    package static let depthMax = 8
    /// The most branches of a multipath tuple.
    package static let branchCountMax = 16
    package static let keyCountMax = 32
    /// The most keys of an aggregate.
    package static let participantCountMax = 16
    package static let leafCountMax = 64
    /// The most nodes that own keys of all wallets may need: a branch is one, and so is a key
    /// without branches.
    package static let ownNodeCountMax = 1_024

    let bytes: Span<UInt8>
    let start: Int

    /// The record that starts at `start` of a bundle that was checked at least that far.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, at start: Int) {
        self.bytes = bytes
        self.start = start
    }

    var template: Int { start + 1 + Int(bytes[start]) }
    var firstKey: Int { template + 6 }

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

    /// The number of keys, 1 to 32.
    package var keyCount: Int { Int(bytes[template + 5]) }

    /// Key `place` of the wallet; found by walking.
    @_lifetime(copy self)
    package func key(at place: Int) -> KeyRecord {
        precondition(place >= 0 && place < keyCount, "no such key")
        var key = KeyRecord(bytes, at: firstKey)
        for _ in 0..<place {
            key = KeyRecord(bytes, at: key.end)
        }
        return key
    }

    /// The number of branches a claim may name: the most of any key, at least 1.
    package var branchCount: Int {
        var most = 1
        for place in 0..<keyCount {
            most = max(most, key(at: place).branchCount)
        }
        return most
    }

    /// A walk over the scripts, in the order of the tree.
    package var leaves: WalletLeaves {
        @_lifetime(copy self) get {
            let end = key(at: keyCount - 1).end
            return outputKind.isOfOneKey
                ? WalletLeaves(bytes, from: end, count: 0)
                : WalletLeaves(bytes, from: end + 1, count: Int(bytes[end]))
        }
    }

    var templateEnd: Int {
        var leaves = leaves
        while leaves.next() != nil {}
        return leaves.offset
    }

    /// The wallet id: the tagged hash of the template, so that renaming keeps it.
    package var id: Bytes32 {
        TaggedHash.hash(tag: "portcullis/wallet/1", bytes.extracting(template..<templateEnd))
    }
}
