import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import TestSupport

/// A wallet of any kind, its keys and scripts made the plain way: by laying them out.
struct TestTemplate {
    /// The seed of the home's well-known words (BIP-39).
    private static let seed = [UInt8](
        hex: "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1"
            + "9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4"
    )

    var template: WalletTemplate

    var id: [UInt8] { template.id.array }
    var kind: OutputKind { template.kind }
    var isTree: Bool { kind == .p2trTree }

    /// A home whose one wallet this is.
    func home() throws -> TestHome { try Self.home([self]) }

    /// Its rule permits these sighash types as well.
    static func home(
        _ templates: [TestTemplate],
        keepsAmbiguous: Bool = false,
        sighashes: UInt8 = 0
    ) throws -> TestHome {
        var bundle = SampleBundle()
        bundle.wallets = templates.enumerated().map { place, template in
            var wallet = SampleBundle.Wallet()
            wallet.name = "wallet-\(100 + place)"
            wallet.template = template.template.bytes
            return wallet
        }
        bundle.rules[0].wallets = templates.count == 64 ? .max : (1 << UInt64(templates.count)) - 1
        bundle.rules[0].effect = sighashes == 0 ? 1 : 3
        bundle.rules[0].sighashes = sighashes
        return try TestHome(bundle, keepsAmbiguous: keepsAmbiguous)
    }

    // MARK: Keys

    static func node(_ path: [UInt32]) throws -> [UInt8] {
        let curve = try Curve()
        var node = [UInt8](repeating: 0, count: 64)
        var scratch = node
        var room = node.mutableSpan
        var other = scratch.mutableSpan
        try HD.master(seed: seed.span, into: &room, curve: curve)
        for step in path {
            try HD.descend(&room, index: step, scratch: &other, curve: curve)
        }
        return node
    }

    static func extended(_ node: [UInt8]) throws -> ExtendedPublicKey {
        let (secret, chainCode) = (Array(node[..<32]), Array(node[32...]))
        return ExtendedPublicKey(
            depth: 0,
            parentFingerprint: .zero,
            childNumber: 0,
            chainCode: Bytes32(copying: chainCode.span),
            key: try Curve().publicKey(ofSecret: secret.span)
        )
    }

    private func child(
        _ key: ExtendedPublicKey,
        _ children: WalletTemplate.Children,
        _ branch: UInt8,
        _ index: UInt32
    ) throws -> [UInt8] {
        let curve = try Curve()
        switch children {
        case .itself: return key.key.array
        case .index: return try key.child(index, curve: curve).key.array
        case .branches(let branches):
            let number = branches.count == 1 ? branches[0] : branches[Int(branch)]
            return try key.child(number, curve: curve).child(index, curve: curve).key.array
        }
    }

    /// The wallet's keys at an address, 33 bytes each.
    func keys(_ branch: UInt8, _ index: UInt32) throws -> [[UInt8]] {
        var keys: [[UInt8]] = []
        for key in template.keys {
            switch key {
            case .own(let path, let children):
                let node = try Self.extended(Self.node(path))
                keys.append(try child(node, children, branch, index))
            case .extended(let chainCode, let key, let children):
                let node = ExtendedPublicKey(
                    depth: 0,
                    parentFingerprint: .zero,
                    childNumber: 0,
                    chainCode: chainCode,
                    key: key
                )
                keys.append(try child(node, children, branch, index))
            case .fixed(let key): keys.append(key.array)
            case .aggregate: keys.append([])
            }
        }
        for (place, key) in template.keys.enumerated() {
            guard case .aggregate(let places, let children) = key else { continue }
            let joined = places.map { keys[Int($0)] }
                .sorted { $0.lexicographicallyPrecedes($1) }
                .flatMap { $0 }
            let sum = try KeyAggregation.aggregate(joined.span, curve: try Curve())
            keys[place] = try child(KeyAggregation.extendedKey(sum), children, branch, index)
        }
        return keys
    }

    func isOwn(_ place: Int) -> Bool {
        if case .own = template.keys[place] { true } else { false }
    }

    // MARK: Scripts

    static func shortHash(_ bytes: [UInt8]) -> [UInt8] { hash160(bytes.span).array }

    private static func tagged(_ tag: StaticString, _ bytes: [UInt8]) -> [UInt8] {
        TaggedHash.hash(tag: tag, bytes.span).array
    }

    func leaf(_ place: Int) -> NaiveLeaf {
        let leaf = template.leaves[place]
        return NaiveLeaf(
            script: leaf.script,
            holes: leaf.holes.map {
                .init(offset: $0.offset, key: $0.key, form: $0.form.rawValue)
            },
            groups: leaf.groups
        )
    }

    /// A script with the keys of an address in it.
    func filled(_ place: Int, _ keys: [[UInt8]]) -> [UInt8] {
        leaf(place).filled(keys, hash160: Self.shortHash)
    }

    func leafHash(_ place: Int, _ keys: [[UInt8]]) -> [UInt8] {
        let script = filled(place, keys)
        return Self.tagged("TapLeaf", [0xc0] + TestRequest.compact(script.count) + script)
    }

    func root(_ keys: [[UInt8]]) -> [UInt8] {
        let leaves = template.leaves.enumerated().map { place, leaf in
            (hash: leafHash(place, keys), depth: Int(leaf.depth))
        }
        return naiveTapRoot(leaves) { Self.tagged("TapBranch", $0 + $1) }
    }

    /// The script of an address.
    func script(_ branch: UInt8, _ index: UInt32) throws -> [UInt8] {
        let keys = try keys(branch, index)
        let inner: [UInt8] = [0, 20] + Self.shortHash(keys[0])
        switch kind {
        case .p2wpkh: return inner
        case .p2pkh: return [0x76, 0xa9, 20] + Self.shortHash(keys[0]) + [0x88, 0xac]
        case .p2shP2WPKH: return [0xa9, 20] + Self.shortHash(inner) + [0x87]
        case .p2tr: return try output(keys[0], root: nil)
        case .p2trTree: return try output(keys[0], root: root(keys))
        case .p2shScript: return [0xa9, 20] + Self.shortHash(filled(0, keys)) + [0x87]
        case .p2wshScript: return [0, 32] + SHA256.hash(filled(0, keys).span).array
        case .p2shP2WSHScript:
            let program = [0, 32] + SHA256.hash(filled(0, keys).span).array
            return [0xa9, 20] + Self.shortHash(program) + [0x87]
        }
    }

    private func output(_ key: [UInt8], root: [UInt8]?) throws -> [UInt8] {
        let output = try Curve().taprootOutputKey(
            internalKey: Bytes33(copying: key.span),
            merkleRoot: root.map { Bytes32(copying: $0.span) }
        )
        return [0x51, 32] + output.array
    }
}
