package import Bitcoin
package import BitcoinCrypto
private import Bytes
package import Wallet

/// The wallets of a home with their public keys, as home.json has them.
package struct WalletKeys: Sendable {
    package let network: Network
    package let wallets: [RegisteredWallet]

    package init(_ facts: HomeFacts) throws(FrontError) {
        guard let network = Self.network(named: facts.network) else {
            throw .failed("home.json names a network that there is not: \(facts.network)")
        }
        self.network = network
        do {
            let curve = try Curve(blindingSeed: nil)
            var wallets: [RegisteredWallet] = []
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

    /// The wallet of that name.
    package func wallet(named name: String) throws(FrontError) -> RegisteredWallet {
        guard let wallet = wallets.first(where: { $0.name == name }) else {
            let names = wallets.map(\.name).joined(separator: ", ")
            throw .usage("no wallet is named \(name). There are: \(names)")
        }
        return wallet
    }

    /// The curve library, ready.
    package static func curve() throws(FrontError) -> Curve {
        do throws(CryptoError) {
            return try Curve(blindingSeed: nil)
        } catch {
            throw .failed("the curve library does not start: \(error)")
        }
    }

    /// The network of that name in files and options.
    package static func network(named name: String) -> Network? {
        [Network.main, .test, .testnet4, .signet, .regtest].first { "\($0.name)" == name }
    }

    /// The address of a place, from the public keys alone.
    package func address(_ place: Ownership) throws(FrontError) -> AddressFacts {
        let wallet = try wallet(named: place.wallet)
        guard Int(place.branch) < wallet.branchCount else {
            throw .usage("wallet \(wallet.name) has no branch \(place.branch)")
        }
        guard place.index <= wallet.indexMax else {
            throw .usage("--index: wallet \(wallet.name) ends at index \(wallet.indexMax)")
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
    ) throws(FrontError) -> RegisteredWallet {
        guard let fingerprint = [UInt8](hexDigits: facts.fingerprint), fingerprint.count == 4 else {
            throw .failed("home.json has a fingerprint that is none: \(facts.fingerprint)")
        }
        let paths = (facts.ownKeys ?? [String(facts.account.dropFirst(2))]).map { text in
            text.split(separator: "/").compactMap(KeyPath.step)
        }
        let wallet: RegisteredWallet
        do {
            wallet = try RegisteredWallet(
                name: facts.name,
                descriptor: try OutputDescriptor(
                    facts.descriptor ?? facts.firstReleaseDescriptor,
                    network: network,
                    curve: curve
                ),
                own: OwnKeys(
                    fingerprint: Bytes4(copying: fingerprint.span),
                    paths: Set(paths)
                ),
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

extension WalletFacts {
    /// The descriptor as the first release would have written it, for its wallets of one key.
    fileprivate var firstReleaseDescriptor: String {
        let origin = "\(fingerprint)/\(account.dropFirst(2))"
        let numbers = branches.map(String.init).joined(separator: ";")
        let steps = branches.count == 1 ? numbers : "<\(numbers)>"
        return "\(kind)([\(origin)]\(xpub)/\(steps)/*)"
    }
}
