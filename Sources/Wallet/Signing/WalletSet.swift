private import Bitcoin
package import BitcoinCrypto

/// Which wallet owns a script, and with which key. `wallet` is a place in the set.
package struct Owner: Equatable, Sendable {
    package let wallet: Int
    package let place: KeyPlace

    package init(wallet: Int, place: KeyPlace) {
        self.wallet = wallet
        self.place = place
    }
}

/// An output of ours, and where it stands.
package struct OwnOutput: Equatable, Sendable {
    package let owner: Owner
    package let output: ExpandedOutput

    package init(owner: Owner, output: ExpandedOutput) {
        self.owner = owner
        self.output = output
    }
}

/// Our wallets, and what has been found out about their scripts. Keep one as long as the wallets
/// last: what is searched is derived once.
package struct WalletSet: Sendable {
    package let wallets: [RegisteredWallet]

    /// On each branch the indices below this are searched for a script that comes without a
    /// derivation, never past the wallet's own maximum.
    package let searchWindow: UInt32

    private var searched: [[UInt8]: Owner] = [:]
    /// The wallets whose scripts stand in `searched`.
    private var searchedWallets: Set<Int> = []

    package init(_ wallets: [RegisteredWallet], searchWindow: UInt32 = 1_000) {
        self.wallets = wallets
        self.searchWindow = searchWindow
    }

    /// The owner of a script, if it is one of ours. Derivations are claims: each that leads into a
    /// wallet is checked by deriving the script, and one that does not hold is an error, because
    /// nothing but a mistake or an attack makes it.
    package mutating func owner(
        of script: [UInt8],
        derivations: [KeyDerivation],
        at place: PSBTPlace,
        curve: borrowing Curve
    ) throws(RequestError) -> Owner? {
        try ownOutput(of: script, derivations: derivations, at: place, curve: curve)?.owner
    }

    /// The same with the output, whose keys cost more than all else about an input.
    package mutating func ownOutput(
        of script: [UInt8],
        derivations: [KeyDerivation],
        at place: PSBTPlace,
        curve: borrowing Curve
    ) throws(RequestError) -> OwnOutput? {
        for derivation in derivations {
            if let found = try claimed(derivation, script, at: place, curve: curve) {
                return found
            }
        }
        try search(for: script, curve: curve)
        guard let owner = searched[script] else { return nil }
        return OwnOutput(owner: owner, output: try output(of: owner, curve: curve))
    }

    /// The owner that one derivation names; nothing if it names none of ours.
    private func claimed(
        _ derivation: KeyDerivation,
        _ script: [UInt8],
        at place: PSBTPlace,
        curve: borrowing Curve
    ) throws(RequestError) -> OwnOutput? {
        var named: String?
        for (index, wallet) in wallets.enumerated() {
            for key in wallet.places(of: derivation) {
                named = named ?? wallet.name
                let owner = Owner(wallet: index, place: key)
                let found = try output(of: owner, curve: curve)
                guard found.script == script else { continue }
                guard key.index <= wallet.indexMax else {
                    throw .indexOverMaximum(
                        place,
                        wallet: wallet.name,
                        index: key.index,
                        most: wallet.indexMax
                    )
                }
                return OwnOutput(owner: owner, output: found)
            }
        }
        guard let named else { return nil }
        throw .claimMismatch(place, wallet: named, path: KeyPath.text(derivation.path))
    }

    /// Derives the first scripts of every branch, the first time that a script of the wallet's kind
    /// is met: thousands of curve operations, which no payment to a script of another kind needs.
    private mutating func search(
        for script: [UInt8],
        curve: borrowing Curve
    ) throws(RequestError) {
        let kind = ScriptKind(of: script.span)
        for (index, wallet) in wallets.enumerated()
        where wallet.scriptKind == kind && searchedWallets.insert(index).inserted {
            let count = min(UInt64(searchWindow), UInt64(wallet.indexMax) + 1)
            for branch in 0..<wallet.branchCount {
                for number in 0..<UInt32(count) {
                    let place = KeyPlace(branch: UInt8(branch), index: number)
                    let owner = Owner(wallet: index, place: place)
                    searched[try output(of: owner, curve: curve).script] = owner
                }
            }
        }
    }

    /// The output at an owner's place.
    package func output(
        of owner: Owner,
        curve: borrowing Curve
    ) throws(RequestError) -> ExpandedOutput {
        do throws(DescriptorError) {
            return try wallets[owner.wallet].output(owner.place, curve: curve)
        } catch {
            throw .key(error)
        }
    }
}
