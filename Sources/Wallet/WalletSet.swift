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

/// Our wallets, and what has been found out about their scripts. Keep one as long as the wallets
/// last: each script is derived once.
package struct WalletSet: Sendable {
    package let wallets: [AccountWallet]

    /// On each branch the indices below this are searched for a script that comes without a
    /// derivation, never past the wallet's own maximum.
    package let searchWindow: UInt32

    private var searched: [[UInt8]: Owner] = [:]
    private var isSearched = false

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
        for derivation in derivations {
            if let found = try claimed(derivation, script, at: place, curve: curve) {
                return found
            }
        }
        try search(curve: curve)
        return searched[script]
    }

    /// The owner that one derivation names; nothing if it names none of ours.
    private func claimed(
        _ derivation: KeyDerivation,
        _ script: [UInt8],
        at place: PSBTPlace,
        curve: borrowing Curve
    ) throws(RequestError) -> Owner? {
        var named: String?
        for (index, wallet) in wallets.enumerated() {
            guard let key = wallet.place(of: derivation) else { continue }
            named = named ?? wallet.name
            guard try Self.derive(wallet, key, curve: curve) == script else { continue }
            guard key.index <= wallet.indexMax else {
                throw .indexOverMaximum(
                    place,
                    wallet: wallet.name,
                    index: key.index,
                    most: wallet.indexMax
                )
            }
            return Owner(wallet: index, place: key)
        }
        guard let named else { return nil }
        throw .claimMismatch(place, wallet: named, path: KeyPath.text(derivation.path))
    }

    /// Derives the first scripts of every branch, the first time that it is needed.
    private mutating func search(curve: borrowing Curve) throws(RequestError) {
        guard !isSearched else { return }
        for (index, wallet) in wallets.enumerated() {
            let count = min(UInt64(searchWindow), UInt64(wallet.indexMax) + 1)
            for branch in wallet.branches.indices {
                for number in 0..<UInt32(count) {
                    let place = KeyPlace(branch: UInt8(branch), index: number)
                    let script = try Self.derive(wallet, place, curve: curve)
                    searched[script] = Owner(wallet: index, place: place)
                }
            }
        }
        isSearched = true
    }

    private static func derive(
        _ wallet: AccountWallet,
        _ place: KeyPlace,
        curve: borrowing Curve
    ) throws(RequestError) -> [UInt8] {
        do throws(CryptoError) {
            return try wallet.script(place, curve: curve)
        } catch {
            throw .crypto(error)
        }
    }
}
