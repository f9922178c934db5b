import Bitcoin
import BitcoinCrypto
import Policy
import Wallet

/// Reads a source into a model: section by section, each key by name and with its unit.
struct SourceReader {
    let root: SourceTable
    let network: Network
    var wallets: [PolicyModel.Wallet] = []
    var lists: [String] = []
    var rules: [PolicyModel.Rule] = []

    private static let networks: [Network] = [.main, .test, .testnet4, .signet, .regtest]
    private static let keys = [
        "version", "network", "allowance", "admins", "wallets", "destinations", "limits", "rules",
    ]

    static func read(_ source: String) throws(PolicyError) -> PolicyModel {
        let root = try SourceTable(source: source)
        try root.allowOnly(keys)
        _ = try root.integer("version", in: 1...1)
        var reader = SourceReader(root: root, network: try network(of: root))
        return try reader.readModel()
    }

    private mutating func readModel() throws(PolicyError) -> PolicyModel {
        let allowance = try amount("allowance", in: root)
        let admins = try readAdmins()
        try readWallets()
        let destinations = try readDestinations()
        try readRules()
        return PolicyModel(
            network: network,
            allowance: allowance,
            adminThreshold: admins.threshold,
            adminKeys: admins.keys,
            wallets: wallets,
            lists: lists,
            destinations: destinations,
            limits: try readLimits(),
            rules: rules
        )
    }

    private static func network(of root: SourceTable) throws(PolicyError) -> Network {
        let names = networks.map { "\($0.name)" }
        let form = "one of \(names.joined(separator: ", ")): network = \"regtest\""
        let name = try root.string("network", form: form)
        guard let place = names.firstIndex(of: name) else {
            throw root.error("network", found: "\"\(name)\"", expected: form)
        }
        return networks[place]
    }

    private mutating func readWallets() throws(PolicyError) {
        for (name, table) in try root.namedTables("wallets") {
            wallets.append(try readWallet(name, table))
        }
        guard !wallets.isEmpty else {
            throw root.error(
                "wallets",
                found: "no wallet",
                expected: "a table [wallets.NAME] with a descriptor"
            )
        }
        guard wallets.count <= BundleLayout.walletCountMax else {
            throw root.error("wallets", found: "\(wallets.count) wallets", expected: "at most 64")
        }
    }

    private func readWallet(
        _ name: String,
        _ table: SourceTable
    ) throws(PolicyError) -> PolicyModel.Wallet {
        try table.allowOnly(["descriptor", "index_max"])
        let coin = network.coinType
        let form = "a descriptor such as \"wpkh(self/84h/\(coin)h/0h/<0;1>/*)\""
        let text = try table.string("descriptor", form: form)
        let descriptor = try parse(text, form: form, table)
        guard case .own(let path) = descriptor.key else {
            throw table.error("descriptor", found: "a key of others", expected: "self: \(form)")
        }
        try requireAccount(path, table)
        guard descriptor.branches.count == 2 else {
            throw table.error(
                "descriptor",
                found: "\(descriptor.branches.count) branches",
                expected: "one for receiving and one for change: /<0;1>/*"
            )
        }
        if let twin = wallets.first(where: { $0.kind == descriptor.kind && $0.path == path }) {
            throw table.error(
                "descriptor",
                found: "the account of wallet \(twin.name) again",
                expected: "an account of its own, so that its limits count all that leaves it"
            )
        }
        let indexMax =
            table.contains("index_max") ? try table.integer("index_max", in: 0...0x7FFF_FFFF) : nil
        return PolicyModel.Wallet(
            name: name,
            kind: descriptor.kind,
            path: path,
            branches: descriptor.branches,
            indexMax: indexMax.map { UInt32($0) } ?? PolicyCompiler.indexMaxUsual,
            descriptor: text.split(separator: "#").first.map { String($0) } ?? text
        )
    }

    private func parse(
        _ text: String,
        form: String,
        _ table: SourceTable
    ) throws(PolicyError) -> Descriptor {
        let curve: Curve
        do throws(CryptoError) {
            curve = try Curve(blindingSeed: nil)
        } catch {
            preconditionFailure("the curve library gives no context")
        }
        do throws(DescriptorError) {
            return try Descriptor(text, network: network, curve: curve)
        } catch {
            throw table.error("descriptor", found: "\"\(text)\" (\(error))", expected: form)
        }
    }

    /// Purpose, coin type and account, all hardened; the coin type is the network's (R71).
    private func requireAccount(
        _ path: [UInt32],
        _ table: SourceTable
    ) throws(PolicyError) {
        let purposeForm = "self/84h/\(network.coinType)h/0h or more steps, 8 at most"
        guard (3...WalletRecord.depthMax).contains(path.count) else {
            throw table.error("descriptor", found: "\(path.count) steps", expected: purposeForm)
        }
        guard path[1] == network.coinType | WalletRecord.hardened else {
            throw table.error(
                "descriptor",
                found: "coin type \(path[1] & ~WalletRecord.hardened)h",
                expected: "\(network.coinType)h, the coin type of network \(network.name)"
            )
        }
    }

    /// Reads an amount that must be there.
    func amount(_ key: String, in table: SourceTable) throws(PolicyError) -> UInt64 {
        let text = try table.string(key, form: "\(Units.amountForm): \(key) = \"1 BTC\"")
        do throws(Units.Fault) {
            return try Units.amount(text)
        } catch {
            throw table.error(key, found: "\"\(text)\"", expected: error.expected)
        }
    }
}
