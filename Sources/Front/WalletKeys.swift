package import Bitcoin
private import BitcoinCrypto
private import Bytes
package import Wallet

/// The wallets of a home with their public keys, as home.json has them.
package struct WalletKeys: Sendable {
    package let network: Network
    package let wallets: [AccountWallet]

    package init(_ facts: HomeFacts) throws(FrontError) {
        guard let network = Self.network(named: facts.network) else {
            throw .failed("home.json names a network that there is not: \(facts.network)")
        }
        self.network = network
        do {
            let curve = try Curve(blindingSeed: nil)
            var wallets: [AccountWallet] = []
            for wallet in facts.wallets {
                wallets.append(try Self.read(wallet, network, curve))
            }
            self.wallets = wallets
        } catch let error as FrontError {
            throw error
        } catch {
            throw .failed("home.json has a wallet that cannot be read: \(error)")
        }
    }

    /// The network of that name in files and options.
    package static func network(named name: String) -> Network? {
        [Network.main, .test, .testnet4, .signet, .regtest].first { "\($0.name)" == name }
    }

    /// The address of a place, from the public keys alone.
    package func address(_ place: Ownership) throws(FrontError) -> AddressFacts {
        guard let wallet = wallets.first(where: { $0.name == place.wallet }) else {
            let names = wallets.map(\.name).joined(separator: ", ")
            throw .usage("no wallet is named \(place.wallet). There are: \(names)")
        }
        guard Int(place.branch) < wallet.branches.count else {
            throw .usage("wallet \(wallet.name) has no branch \(place.branch)")
        }
        guard place.index <= wallet.indexMax else {
            throw .usage("wallet \(wallet.name) ends at index \(wallet.indexMax)")
        }
        let script: [UInt8]
        do {
            let curve = try Curve(blindingSeed: nil)
            let key = KeyPlace(branch: place.branch, index: place.index)
            script = try wallet.script(key, curve: curve)
        } catch {
            throw .failed("no key can be derived there: \(error)")
        }
        guard let address = AddressText.write(script, network: network) else {
            preconditionFailure("our own scripts have addresses")
        }
        return AddressFacts(
            address: address,
            script: script.hexDigits,
            place: place,
            verified: false
        )
    }

    private static func read(
        _ facts: WalletFacts,
        _ network: Network,
        _ curve: borrowing Curve
    ) throws(FrontError) -> AccountWallet {
        guard let fingerprint = [UInt8](hexDigits: facts.fingerprint), fingerprint.count == 4 else {
            throw .failed("home.json has a fingerprint that is none: \(facts.fingerprint)")
        }
        let path = facts.account.split(separator: "/").dropFirst().compactMap(KeyPath.step)
        let wallet: AccountWallet
        do {
            wallet = try AccountWallet(
                name: facts.name,
                kind: facts.kind == "tr" ? .p2tr : .p2wpkh,
                origin: KeyDerivation(
                    fingerprint: FixedBytes<4>(copying: fingerprint.span),
                    path: path
                ),
                account: try ExtendedKeyText.read(facts.xpub[...], network: network, curve: curve),
                branches: facts.branches,
                indexMax: facts.indexMax,
                curve: curve
            )
        } catch {
            throw .failed("home.json has a wallet that cannot be read: \(facts.name): \(error)")
        }
        guard wallet.id.hexDigits == facts.id else {
            throw .failed("home.json contradicts itself: wallet \(facts.name) has another id")
        }
        return wallet
    }
}
