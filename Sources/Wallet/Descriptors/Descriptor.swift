package import Bitcoin
package import BitcoinCrypto

/// A descriptor of one account of one key: `wpkh(KEY/<0;1>/*)` or `tr(KEY/<0;1>/*)`
/// (BIP-380, 382, 386, 389). KEY is an extended public key with or without its origin, or, in a
/// policy, `self/84h/1h/0h` for the signer's own.
package struct Descriptor: Equatable, Sendable {
    /// Where the account key comes from.
    package enum Key: Equatable, Sendable {
        /// The signer's own, by its path from the master key.
        case own(path: [UInt32])
        /// An extended public key, with its way from the master key where that is known.
        case account(ExtendedPublicKey, origin: KeyDerivation?)
    }

    package let kind: OutputKind
    package let key: Key
    /// The steps under the account key, one for each branch: receive first, then change.
    package let branches: [UInt32]

    package init(kind: OutputKind, key: Key, branches: [UInt32]) {
        precondition(!branches.isEmpty, "a descriptor has a branch at least")
        self.kind = kind
        self.key = key
        self.branches = branches
    }

    /// The text without a checksum.
    package func text(network: Network) -> String {
        let (function, end) =
            switch kind {
            case .p2wpkh: ("wpkh", "")
            case .p2tr: ("tr", "")
            case .p2pkh: ("pkh", "")
            case .p2shP2WPKH: ("sh(wpkh", ")")
            case .p2shScript, .p2wshScript, .p2shP2WSHScript, .p2trTree:
                preconditionFailure("a descriptor of one key")
            }
        let numbers = branches.map { "\($0)" }.joined(separator: ";")
        let branch = branches.count == 1 ? numbers : "<\(numbers)>"
        return "\(function)(\(keyText(network))/\(branch)/*)\(end)"
    }

    /// The text with its checksum.
    package func textWithChecksum(network: Network) -> String {
        let text = text(network: network)
        guard let checksum = DescriptorChecksum.make(text[...]) else {
            preconditionFailure("descriptors are written in their own characters")
        }
        return "\(text)#\(checksum)"
    }

    private func keyText(_ network: Network) -> String {
        switch key {
        case .own(let path):
            return "self/\(KeyPath.text(path))"
        case .account(let account, let origin):
            let key = ExtendedKeyText.write(account, network: network)
            guard let origin else { return key }
            let steps = origin.path.map { "/\(KeyPath.text(step: $0))" }.joined()
            return "[\(hexText(origin.fingerprint.array))\(steps)]\(key)"
        }
    }
}
