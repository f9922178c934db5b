import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Testing
import Wallet

/// Fills a template the slow and plain way, from docs/protocol.md alone and without looking at a
/// descriptor, as a second opinion on compiler and signer.
struct NaiveFiller {
    let template: WalletTemplate
    /// The signer's keys by their paths.
    let own: ([UInt32]) throws -> ExtendedPublicKey

    struct Filled: Equatable {
        var scriptPubKey: [UInt8]
        /// In the order of the template.
        var scripts: [[UInt8]]
        var merkleRoot: Bytes32?
    }

    var branchCount: Int {
        template.keys.map { Self.branches(of: $0)?.count ?? 0 }.reduce(1, max)
    }

    private static func children(of key: WalletTemplate.Key) -> WalletTemplate.Children {
        switch key {
        case .own(_, let children), .extended(_, _, let children), .aggregate(_, let children):
            children
        case .fixed: .itself
        }
    }

    private static func branches(of key: WalletTemplate.Key) -> [UInt32]? {
        if case .branches(let numbers) = children(of: key) { numbers } else { nil }
    }

    // MARK: Keys

    private func key(
        _ place: Int,
        _ branch: Int,
        _ index: UInt32,
        _ curve: borrowing Curve
    ) throws -> Bytes33 {
        let key = template.keys[place]
        let root: ExtendedPublicKey
        switch key {
        case .fixed(let bytes): return bytes
        case .own(let path, _): root = try own(path)
        case .extended(let chainCode, let bytes, _):
            root = ExtendedPublicKey(
                depth: 0,
                parentFingerprint: .zero,
                childNumber: 0,
                chainCode: chainCode,
                key: bytes
            )
        case .aggregate(let places, _):
            var keys: [[UInt8]] = []
            for place in places {
                keys.append(try self.key(Int(place), branch, index, curve).array)
            }
            keys.sort { $0.lexicographicallyPrecedes($1) }
            let all = keys.flatMap { $0 }
            let aggregate = try KeyAggregation.aggregate(all.span, curve: curve)
            var code = SHA256()
            for _ in 0..<3 { code.update("MuSig2") }
            root = ExtendedPublicKey(
                depth: 0,
                parentFingerprint: .zero,
                childNumber: 0,
                chainCode: code.finalize(),
                key: aggregate
            )
        }
        switch Self.children(of: key) {
        case .itself: return root.key
        case .index: return try root.child(index, curve: curve).key
        case .branches(let numbers):
            let number = numbers.count == 1 ? numbers[0] : numbers[branch]
            return try root.child(number, curve: curve).child(index, curve: curve).key
        }
    }

    /// The keys in the order of the template.
    func keys(branch: Int, index: UInt32, curve: borrowing Curve) throws -> [Bytes33] {
        var keys: [Bytes33] = []
        for place in template.keys.indices {
            keys.append(try key(place, branch, index, curve))
        }
        return keys
    }

    // MARK: Scripts

    func fill(branch: Int, index: UInt32, curve: borrowing Curve) throws -> Filled {
        let keys = try keys(branch: branch, index: index, curve: curve)
        let scripts = template.leaves.map { Self.fill($0, keys) }
        switch template.kind {
        case .p2pkh:
            let script = [0x76, 0xa9, 20] + hash160(keys[0].span).array + [0x88, 0xac]
            return Filled(scriptPubKey: script, scripts: [])
        case .p2wpkh:
            return Filled(scriptPubKey: [0, 20] + hash160(keys[0].span).array, scripts: [])
        case .p2shP2WPKH:
            let program = [0, 20] + hash160(keys[0].span).array
            return Filled(scriptPubKey: Self.scriptHash(program), scripts: [])
        case .p2shScript:
            return Filled(scriptPubKey: Self.scriptHash(scripts[0]), scripts: scripts)
        case .p2wshScript:
            let script = scripts[0]
            let program = [0, 32] + SHA256.hash(script.span).array
            return Filled(scriptPubKey: program, scripts: scripts)
        case .p2shP2WSHScript:
            let script = scripts[0]
            let program = [0, 32] + SHA256.hash(script.span).array
            return Filled(scriptPubKey: Self.scriptHash(program), scripts: scripts)
        case .p2tr, .p2trTree:
            var rest = Array(zip(template.leaves.map { Int($0.depth) }, scripts))[...]
            let root = rest.isEmpty ? nil : try Self.node(0, &rest)
            try #require(rest.isEmpty)
            let output = try curve.taprootOutputKey(internalKey: keys[0], merkleRoot: root)
            return Filled(
                scriptPubKey: [0x51, 32] + output.array,
                scripts: scripts,
                merkleRoot: root
            )
        }
    }

    private static func scriptHash(_ script: [UInt8]) -> [UInt8] {
        [0xa9, 20] + hash160(script.span).array + [0x87]
    }

    private static func fill(_ leaf: WalletTemplate.Leaf, _ keys: [Bytes33]) -> [UInt8] {
        var takes = leaf.holes.map { hole -> [UInt8] in
            let key = keys[hole.key].array
            return switch hole.form {
            case .compressed: key
            case .xOnly: Array(key[1...])
            case .hash: hash160(key.span).array
            case .xOnlyHash: hash160(Array(key[1...]).span).array
            }
        }
        for group in leaf.groups {
            takes.replaceSubrange(
                group,
                with: takes[group].sorted { $0.lexicographicallyPrecedes($1) }
            )
        }
        var script = leaf.script
        for (hole, bytes) in zip(leaf.holes, takes) {
            script.replaceSubrange(hole.offset..<hole.offset + bytes.count, with: bytes)
        }
        return script
    }

    /// The hash of the subtree that begins with the next leaf, at a depth (BIP-341).
    private static func node(
        _ depth: Int,
        _ rest: inout ArraySlice<(Int, [UInt8])>
    ) throws -> Bytes32 {
        let (leafDepth, script) = try #require(rest.first)
        guard leafDepth > depth else {
            try #require(leafDepth == depth)
            rest.removeFirst()
            var bytes: [UInt8] = [0xc0]
            bytes.append(vector: script)
            return TaggedHash.hash(tag: "TapLeaf", bytes.span)
        }
        let pair = [try node(depth + 1, &rest).array, try node(depth + 1, &rest).array]
        let sorted = pair.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 }
        return TaggedHash.hash(tag: "TapBranch", sorted.span)
    }
}
