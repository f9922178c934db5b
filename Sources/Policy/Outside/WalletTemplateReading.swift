// The signer has no heap, so its build has no model either.
#if !hasFeature(Embedded)
private import Bitcoin
private import Bytes

extension WalletTemplate {
    /// The template of a wallet of a checked bundle; its bytes are those of the bundle.
    package init(_ wallet: WalletRecord) {
        let keys = (0..<wallet.keyCount).map { Key(wallet.key(at: $0)) }
        var leaves: [Leaf] = []
        var walk = wallet.leaves
        while let leaf = walk.next() {
            leaves.append(Leaf(leaf))
        }
        self.init(kind: wallet.outputKind, indexMax: wallet.indexMax, keys: keys, leaves: leaves)
    }
}

extension WalletTemplate.Key {
    /// A key of a checked bundle.
    package init(_ key: KeyRecord) {
        let children =
            !key.takesIndex
            ? WalletTemplate.Children.itself
            : key.branchCount == 0
                ? .index : .branches((0..<key.branchCount).map { key.branch($0) })
        switch key.kind {
        case .own: self = .own(path: (0..<key.stepCount).map { key.step($0) }, children)
        case .extended: self = .extended(chainCode: key.chainCode, key: key.key, children)
        case .fixed: self = .fixed(key.key)
        case .aggregate:
            let places = key.participants
            self = .aggregate(of: places.indices.map { places[$0] }, children)
        }
    }
}

extension WalletTemplate.Leaf {
    /// A script of a checked bundle.
    package init(_ leaf: LeafRecord) {
        let template = leaf.template
        self.init(
            depth: UInt8(leaf.depth),
            version: leaf.version,
            satisfactionWeight: UInt32(leaf.satisfactionWeight),
            script: template.script.indices.map { template.script[$0] },
            holes: (0..<template.holeCount).map { template.hole(at: $0) },
            groups: (0..<template.groupCount).map { template.group(at: $0) }
        )
    }
}
#endif
