package import Bitcoin
package import BitcoinCrypto

/// A wallet as programs without descriptors know it: one key, or so many signatures of sorted keys,
/// each key an account with /0/* for receiving and /1/* for change.
package struct SimpleWallet: Sendable {
    package struct Account: Sendable {
        package let key: ExtendedPublicKey
        package let origin: KeyDerivation
    }

    package let kind: OutputKind
    /// How many have to sign, of several keys; nothing for one.
    package let threshold: Int?
    package let accounts: [Account]

    /// Nothing where the descriptor says more than that.
    package init?(_ descriptor: OutputDescriptor, _ kind: OutputKind) {
        var accounts: [Account] = []
        for key in descriptor.keys {
            guard case .extended(let account) = key.source, let origin = key.origin,
                key.steps == [.many([0, 1])], key.wildcard == .plain
            else { return nil }
            accounts.append(Account(key: account, origin: origin))
        }
        self.kind = kind
        self.accounts = accounts
        switch descriptor.form {
        case .bare, .witnessKeyHash, .nestedWitnessKeyHash:
            threshold = nil
        case .taproot(_, let leaves):
            guard leaves.isEmpty else { return nil }
            threshold = nil
        case .scriptHash(let script), .witnessScriptHash(let script),
            .nestedWitnessScriptHash(let script):
            // `sortedmulti(2,0,1,2)`, with the places of the keys as their texts.
            let text = script.text(keys: accounts.indices.map { "\($0)" })
            let parts = text.split(whereSeparator: { "(),".contains($0) })
            let places = parts.dropFirst(2).map { String($0) }
            guard parts.first == "sortedmulti", let count = Int(parts[1]),
                places == accounts.indices.map({ "\($0)" })
            else { return nil }
            threshold = count
        case .raw, .address, .combo, .rawTaproot: return nil
        }
    }
}
