package import Bitcoin
package import BitcoinCrypto
package import Bytes

/// One of our wallets, as far as its public side goes: from its account key every script of it can
/// be made.
package struct AccountWallet: Equatable, Sendable {
    /// The tagged hash of the wallet's template in the policy (docs/protocol.md, section 4).
    package let id: Bytes32
    package let name: String
    package let kind: OutputKind
    /// The way from the master key to the account key.
    package let origin: KeyDerivation
    package let account: ExtendedPublicKey
    /// The steps under the account key: receive first, then change.
    package let branches: [UInt32]
    /// The highest index of each branch that is the wallet's.
    package let indexMax: UInt32

    private let accountFingerprint: Bytes4
    private let branchKeys: [ExtendedPublicKey]

    package init(
        name: String,
        kind: OutputKind,
        origin: KeyDerivation,
        account: ExtendedPublicKey,
        branches: [UInt32],
        indexMax: UInt32,
        curve: borrowing Curve
    ) throws(CryptoError) {
        precondition((1...16).contains(branches.count), "a policy's wallet has 1 to 16 branches")
        var branchKeys: [ExtendedPublicKey] = []
        for branch in branches {
            branchKeys.append(try account.child(branch, curve: curve))
        }
        self.name = name
        self.kind = kind
        self.origin = origin
        self.account = account
        self.branches = branches
        self.indexMax = indexMax
        self.branchKeys = branchKeys
        accountFingerprint = account.fingerprint
        id = Self.id(kind: kind, indexMax: indexMax, path: origin.path, branches: branches)
    }

    /// The id of a wallet of one own key.
    package static func id(
        kind: OutputKind,
        indexMax: UInt32,
        path: [UInt32],
        branches: [UInt32]
    ) -> Bytes32 {
        var template: [UInt8] = [kind.rawValue]
        template.append(number: indexMax)
        template += [1, 1, UInt8(path.count)]
        for step in path {
            template.append(number: step)
        }
        template.append(UInt8(branches.count))
        for branch in branches {
            template.append(number: branch)
        }
        return TaggedHash.hash(tag: "portcullis/wallet/1", template.span)
    }

    /// The wallet as others know it.
    package var descriptor: Descriptor {
        Descriptor(kind: kind, key: .account(account, origin: origin), branches: branches)
    }

    /// The public key at a place of the branches and an index below 2^31.
    package func publicKey(
        _ place: KeyPlace,
        curve: borrowing Curve
    ) throws(CryptoError) -> Bytes33 {
        try branchKeys[Int(place.branch)].childKey(place.index, curve: curve)
    }

    /// The script at a place of the branches and an index below 2^31.
    package func script(
        _ place: KeyPlace,
        curve: borrowing Curve
    ) throws(CryptoError) -> [UInt8] {
        try script(of: publicKey(place, curve: curve), curve: curve)
    }

    /// The script for a public key of the wallet.
    func script(of key: Bytes33, curve: borrowing Curve) throws(CryptoError) -> [UInt8] {
        let script = try ScriptTemplate.script(kind, publicKey: key, curve: curve)
        return [UInt8](copying: script.bytes)
    }

    /// What all scripts of the wallet are.
    var scriptKind: ScriptKind {
        switch kind {
        case .p2wpkh: .p2wpkh
        case .p2tr, .p2trTree: .p2tr
        case .p2pkh: .p2pkh
        case .p2shP2WPKH, .p2shScript, .p2shP2WSHScript: .p2sh
        case .p2wshScript: .p2wsh
        }
    }

    /// The way from the master key to the key at a place.
    package func derivation(_ place: KeyPlace) -> KeyDerivation {
        KeyDerivation(
            fingerprint: origin.fingerprint,
            path: origin.path + [branches[Int(place.branch)], place.index]
        )
    }

    /// Where in this wallet a derivation leads, if its text says that it leads here.
    ///
    /// Two spellings are known: from the master key, and (as Electrum writes it for a wallet made
    /// from a bare xpub) from the account key itself, by the account key's own fingerprint.
    package func place(of derivation: KeyDerivation) -> KeyPlace? {
        let path = derivation.path
        let depth = origin.path.count
        let fromMaster =
            derivation.fingerprint == origin.fingerprint && path.count == depth + 2
            && path.starts(with: origin.path)
        let fromAccount = derivation.fingerprint == accountFingerprint && path.count == 2
        guard fromMaster || fromAccount else { return nil }
        let (branch, index) = (path[path.count - 2], path[path.count - 1])
        guard let place = branches.firstIndex(of: branch), index < KeyPath.hardened else {
            return nil
        }
        return KeyPlace(branch: UInt8(place), index: index)
    }
}

/// A key of a wallet: a place among its branches (0 receive, 1 change), and an index.
package struct KeyPlace: Hashable, Sendable {
    package let branch: UInt8
    package let index: UInt32

    package init(branch: UInt8, index: UInt32) {
        self.branch = branch
        self.index = index
    }
}
