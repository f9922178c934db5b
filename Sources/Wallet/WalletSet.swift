private import Bitcoin
package import BitcoinCrypto
package import Bytes

/// Which wallet owns a script, and with which key. `wallet` is a place in the set.
package struct Owner: Equatable, Sendable {
    package let wallet: Int
    package let place: KeyPlace

    package init(wallet: Int, place: KeyPlace) {
        self.wallet = wallet
        self.place = place
    }
}

/// An owner, and the public key of ours that the script was made from.
package struct OwnKey: Equatable, Sendable {
    package let owner: Owner
    package let key: Bytes33
}

/// Our wallets, and what has been found out about their scripts. Keep one as long as the wallets
/// last: what is searched is derived once.
package struct WalletSet: Sendable {
    package let wallets: [AccountWallet]

    /// On each branch the indices below this are searched for a script that comes without a
    /// derivation, never past the wallet's own maximum.
    package let searchWindow: UInt32

    private var searched: [[UInt8]: OwnKey] = [:]
    /// The wallets whose scripts stand in `searched`.
    private var searchedWallets: Set<Int> = []

    package init(_ wallets: [AccountWallet], searchWindow: UInt32 = 1_000) {
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
        try ownKey(of: script, derivations: derivations, at: place, curve: curve)?.owner
    }

    /// The same with the key, which costs more than all else about an input.
    package mutating func ownKey(
        of script: [UInt8],
        derivations: [KeyDerivation],
        at place: PSBTPlace,
        curve: borrowing Curve
    ) throws(RequestError) -> OwnKey? {
        for derivation in derivations {
            if let found = try claimed(derivation, script, at: place, curve: curve) {
                return found
            }
        }
        try search(for: script, curve: curve)
        return searched[script]
    }

    /// The owner that one derivation names; nothing if it names none of ours.
    private func claimed(
        _ derivation: KeyDerivation,
        _ script: [UInt8],
        at place: PSBTPlace,
        curve: borrowing Curve
    ) throws(RequestError) -> OwnKey? {
        var named: String?
        for (index, wallet) in wallets.enumerated() {
            guard let key = wallet.place(of: derivation) else { continue }
            named = named ?? wallet.name
            let found = try Self.derive(wallet, key, curve: curve)
            guard found.script == script else { continue }
            guard key.index <= wallet.indexMax else {
                throw .indexOverMaximum(
                    place,
                    wallet: wallet.name,
                    index: key.index,
                    most: wallet.indexMax
                )
            }
            return OwnKey(owner: Owner(wallet: index, place: key), key: found.key)
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
            for branch in wallet.branches.indices {
                for number in 0..<UInt32(count) {
                    let place = KeyPlace(branch: UInt8(branch), index: number)
                    let found = try Self.derive(wallet, place, curve: curve)
                    let owner = Owner(wallet: index, place: place)
                    searched[found.script] = OwnKey(owner: owner, key: found.key)
                }
            }
        }
    }

    private static func derive(
        _ wallet: AccountWallet,
        _ place: KeyPlace,
        curve: borrowing Curve
    ) throws(RequestError) -> (key: Bytes33, script: [UInt8]) {
        do throws(CryptoError) {
            let key = try wallet.publicKey(place, curve: curve)
            return (key, try wallet.script(of: key, curve: curve))
        } catch {
            throw .crypto(error)
        }
    }
}
