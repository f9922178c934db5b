package import Bitcoin
package import BitcoinCrypto

extension Descriptor {
    /// Reads a descriptor of one account of one key. An extended key must be of the network: `xpub`
    /// on main, `tpub` elsewhere.
    package init(
        _ text: String,
        network: Network,
        curve: borrowing Curve
    ) throws(DescriptorError) {
        let output = try OutputDescriptor(text, network: network, curve: curve)
        switch output.form {
        case .witnessKeyHash(let key):
            try self.init(kind: .p2wpkh, output.keys[key], text: output.text)
        case .taproot(let key, []):
            try self.init(kind: .p2tr, output.keys[key], text: output.text)
        case _: throw .unsupportedForm(shortened(output.text))
        }
    }

    private init(
        kind: OutputKind,
        _ key: KeyExpression,
        text: String
    ) throws(DescriptorError) {
        guard key.wildcard == .plain else { throw .noWildcard }
        guard key.steps.count == 1 else { throw .branches(String(key.stepsText.dropFirst())) }
        let branches: [UInt32] =
            switch key.steps[0] {
            case .one(let number): [number]
            case .many(let numbers): numbers
            }
        guard !key.steps[0].isHardened, branches.count <= 16 else {
            throw .branches(String(key.stepsText.dropFirst()))
        }
        switch key.source {
        case .own(let path): self.init(kind: kind, key: .own(path: path), branches: branches)
        case .extended(let account):
            if let origin = key.origin, origin.path.count != Int(account.depth) {
                throw .depth(origin: origin.path.count, key: Int(account.depth))
            }
            self.init(kind: kind, key: .account(account, origin: key.origin), branches: branches)
        case .fixed, .secret, .aggregate: throw .unsupportedForm(shortened(text))
        }
    }
}
