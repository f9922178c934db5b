// The signer has no heap, so its build has no model either.
#if !hasFeature(Embedded)
package import Bitcoin
package import Bytes
private import BitcoinCrypto

/// What a bundle says of a wallet, but for its name and descriptor: its keys, and its scripts with
/// holes where the keys stand (docs/protocol.md, section 4).
package struct WalletTemplate: Equatable, Sendable {
    package var kind: OutputKind
    /// The highest index; 0 where no key takes one.
    package var indexMax: UInt32
    package var keys: [Key]
    /// One script for `sh`, `wsh` and `sh(wsh)`; those of `tr`'s tree, depth first, left to right;
    /// none for the kinds of one key.
    package var leaves: [Leaf]

    package init(kind: OutputKind, indexMax: UInt32, keys: [Key], leaves: [Leaf] = []) {
        self.kind = kind
        self.indexMax = indexMax
        self.keys = keys
        self.leaves = leaves
    }

    package enum Key: Equatable, Sendable {
        /// Of the signer's seed, by the steps from the master key.
        case own(path: [UInt32], Children)
        case extended(chainCode: Bytes32, key: Bytes33, Children)
        case fixed(Bytes33)
        /// BIP-327 over the sorted keys at these places, ascending; `.itself`: aggregated anew at
        /// each index, else derived from as BIP-328 has it.
        case aggregate(of: [UInt8], Children)
    }

    /// What is below a key.
    package enum Children: Equatable, Sendable {
        /// `/<0;1>/*` or `/0/*`: 1 to 16 branches, and the index below each.
        case branches([UInt32])
        /// `/*`
        case index
        /// Nothing.
        case itself
    }

    package struct Leaf: Equatable, Sendable {
        /// The steps from the root; 0 outside of `tr`.
        package var depth: UInt8
        /// 0xc0 in `tr`, 0 outside.
        package var version: UInt8
        /// Weight units that the largest satisfaction adds to an input with an empty script.
        package var satisfactionWeight: UInt32
        /// Zero under the holes.
        package var script: [UInt8]
        package var holes: [TemplateHole]
        /// Runs of holes that take their keys in lexicographic order.
        package var groups: [Range<Int>]

        package init(
            depth: UInt8 = 0,
            version: UInt8 = 0,
            satisfactionWeight: UInt32,
            script: [UInt8],
            holes: [TemplateHole],
            groups: [Range<Int>] = []
        ) {
            self.depth = depth
            self.version = version
            self.satisfactionWeight = satisfactionWeight
            self.script = script
            self.holes = holes
            self.groups = groups
        }
    }
}

extension WalletTemplate {
    /// The template as it stands in a bundle. What has no form there, such as a count over 255, is
    /// cut short and so refused by whoever checks the bundle.
    package var bytes: [UInt8] {
        var bytes = [kind.rawValue] + Self.little(indexMax) + [Self.count(keys.count)]
        for key in keys { bytes += key.bytes }
        guard !kind.isOfOneKey else { return bytes }
        bytes.append(Self.count(leaves.count))
        for leaf in leaves { bytes += leaf.bytes }
        return bytes
    }

    /// The wallet's id.
    package var id: Bytes32 { TaggedHash.hash(tag: "portcullis/wallet/1", bytes.span) }

    fileprivate static func count(_ count: Int) -> UInt8 { UInt8(truncatingIfNeeded: count) }

    fileprivate static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> Number(8 * $0)) }
    }
}

extension WalletTemplate.Key {
    fileprivate var bytes: [UInt8] {
        switch self {
        case .own(let path, let children):
            [KeyKind.own.rawValue, WalletTemplate.count(path.count)]
                + path.flatMap { WalletTemplate.little($0) } + children.bytes
        case .extended(let chainCode, let key, let children):
            [KeyKind.extended.rawValue] + Self.array(chainCode) + Self.array(key) + children.bytes
        case .fixed(let key):
            [KeyKind.fixed.rawValue] + Self.array(key)
        case .aggregate(let places, let children):
            [KeyKind.aggregate.rawValue, WalletTemplate.count(places.count)] + places
                + children.bytes
        }
    }

    private static func array<let size: Int>(_ bytes: FixedBytes<size>) -> [UInt8] {
        (0..<size).map { bytes[$0] }
    }
}

extension WalletTemplate.Children {
    fileprivate var bytes: [UInt8] {
        switch self {
        case .branches(let numbers):
            [WalletTemplate.count(numbers.count)] + numbers.flatMap { WalletTemplate.little($0) }
        case .index: [0]
        case .itself: [KeyRecord.itself]
        }
    }
}

extension WalletTemplate.Leaf {
    fileprivate var bytes: [UInt8] {
        var bytes = [depth, version] + WalletTemplate.little(satisfactionWeight)
        bytes += WalletTemplate.little(UInt16(truncatingIfNeeded: script.count)) + script
        bytes.append(WalletTemplate.count(holes.count))
        for hole in holes {
            bytes += WalletTemplate.little(UInt16(truncatingIfNeeded: hole.offset))
            bytes += [WalletTemplate.count(hole.key), hole.form.rawValue]
        }
        bytes.append(WalletTemplate.count(groups.count))
        for group in groups {
            bytes += [WalletTemplate.count(group.lowerBound), WalletTemplate.count(group.count)]
        }
        return bytes
    }
}
#endif
