import Bitcoin
import Policy

/// Reads a source into a model: section by section, each key by name and with its unit.
struct SourceReader {
    let root: SourceTable
    let network: Network
    var wallets: [PolicyModel.Wallet] = []
    var lists: [String] = []
    var rules: [PolicyModel.Rule] = []
    var requesters: [String: UInt32] = [:]
    var zones: [String: ZoneText] = [:]
    var shapes: [PolicyModel.Shape] = []
    var approvers: [PolicyModel.Approver] = []
    var groups: [PolicyModel.Group] = []

    private static let networks: [Network] = [.main, .test, .testnet4, .signet, .regtest]
    private static let keys = [
        "version", "network", "fingerprint", "allowance", "admins", "wallets", "destinations",
        "limits", "rules", "requesters", "zones", "approvers", "groups",
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
        try readRequesterNames()
        try readZones()
        try readApprovers()
        try readGroups()
        try readRules()
        return PolicyModel(
            network: network,
            requesters: requesters,
            allowance: allowance,
            adminThreshold: admins.threshold,
            adminKeys: admins.keys,
            wallets: wallets,
            lists: lists,
            destinations: destinations,
            shapes: shapes,
            approvers: approvers,
            groups: groups,
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
