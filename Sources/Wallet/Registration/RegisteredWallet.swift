package import Bitcoin
package import BitcoinCrypto
package import Bytes
package import Policy

/// One of our wallets, as far as its public side goes: from its descriptor every script of it can
/// be made. What the signer makes from the template must be the same.
package struct RegisteredWallet: Equatable, Sendable {
    package let name: String
    /// With the own keys filled in.
    package let descriptor: OutputDescriptor
    package let own: OwnKeys
    package let template: WalletTemplate
    /// The tagged hash of the template (docs/protocol.md, section 4).
    package let id: Bytes32

    /// For each branch the keys of the descriptor, as far as they are the same for every index.
    private let keys: [[PlacedKey]]
    private let claims: [KeyClaim]

    package var kind: OutputKind { template.kind }
    /// The highest index of each branch that is the wallet's.
    package var indexMax: UInt32 { template.indexMax }
    package var branchCount: Int { descriptor.placeCount }

    /// Takes a descriptor whose own keys are filled in; `own` says which they are.
    package init(
        name: String,
        descriptor: OutputDescriptor,
        own: OwnKeys,
        indexMax: UInt32,
        curve: borrowing Curve
    ) throws(TemplateError) {
        template = try descriptor.template(own: own, indexMax: indexMax, curve: curve)
        var keys: [[PlacedKey]] = []
        do throws(DescriptorError) {
            for place in 0..<descriptor.placeCount {
                var placed: [PlacedKey] = []
                for key in descriptor.keys {
                    placed.append(try key.placed(place, curve: curve))
                }
                keys.append(placed)
            }
        } catch {
            throw .key(error)
        }
        self.name = name
        self.descriptor = descriptor
        self.own = own
        self.keys = keys
        id = template.id
        claims = KeyClaim.all(descriptor, own)
    }

    /// The output at a place of the branches and an index below 2^31.
    package func output(
        _ place: KeyPlace,
        curve: borrowing Curve
    ) throws(DescriptorError) -> ExpandedOutput {
        var derived: [DerivedKey] = []
        derived.reserveCapacity(descriptor.keys.count)
        for key in keys[Int(place.branch)] {
            derived.append(try key.derive(place.index, curve: curve))
        }
        return try descriptor.output(derived, curve: curve)
    }

    /// The script at a place of the branches and an index below 2^31.
    package func script(
        _ place: KeyPlace,
        curve: borrowing Curve
    ) throws(DescriptorError) -> [UInt8] {
        try output(place, curve: curve).script
    }

    /// Whether a key of the descriptor is the signer's, and no aggregate.
    package func isOwn(_ key: Int) -> Bool { own.path(of: descriptor.keys[key]) != nil }

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

    /// Where in this wallet a derivation leads, if its text says that it leads to an own key here:
    /// nowhere, to one place, or to the same index of each branch.
    package func places(of derivation: KeyDerivation) -> [KeyPlace] {
        var places: [KeyPlace] = []
        for claim in claims {
            guard let index = claim.index(of: derivation, isRanged: descriptor.isRanged) else {
                continue
            }
            let place = KeyPlace(branch: claim.branch, index: index)
            if !places.contains(place) { places.append(place) }
        }
        return places
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

/// How a derivation of an own key begins that leads to a branch of a wallet.
private struct KeyClaim: Equatable, Sendable {
    let branch: UInt8
    /// From the master key; and, as Electrum writes it for a wallet made from a bare xpub, from the
    /// account key itself, by its own fingerprint.
    let beginnings: [KeyDerivation]
    let takesIndex: Bool

    static func all(_ descriptor: OutputDescriptor, _ own: OwnKeys) -> [KeyClaim] {
        var claims: [KeyClaim] = []
        for key in descriptor.keys.flatMap(\.participants) where own.path(of: key) != nil {
            for branch in 0..<descriptor.placeCount {
                let steps = key.steps.map { step in
                    switch step {
                    case .one(let number): number
                    case .many(let numbers): numbers[branch]
                    }
                }
                var beginnings: [KeyDerivation] = []
                if let origin = key.origin {
                    let path = origin.path + steps
                    beginnings.append(KeyDerivation(fingerprint: origin.fingerprint, path: path))
                }
                if case .extended(let account) = key.source {
                    let fingerprint = account.fingerprint
                    beginnings.append(KeyDerivation(fingerprint: fingerprint, path: steps))
                }
                claims.append(
                    KeyClaim(
                        branch: UInt8(branch),
                        beginnings: beginnings,
                        takesIndex: key.wildcard == .plain
                    )
                )
            }
        }
        return claims
    }

    /// The index that a derivation names, if it begins like this.
    func index(of derivation: KeyDerivation, isRanged: Bool) -> UInt32? {
        let isNamed = beginnings.contains { beginning in
            beginning.fingerprint == derivation.fingerprint
                && derivation.path.count == beginning.path.count + (takesIndex ? 1 : 0)
                && derivation.path.starts(with: beginning.path)
        }
        guard isNamed else { return nil }
        // A key that is the same everywhere does not say which of many outputs it is in.
        guard takesIndex else { return isRanged ? nil : 0 }
        guard let index = derivation.path.last, index < KeyPath.hardened else { return nil }
        return index
    }
}
