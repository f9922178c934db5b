import Policy

/// The limits: so much and so often in any window of a length.
extension SourceReader {
    private static let keys = [
        "scope", "wallet", "destinations", "rule", "window", "transactions", "amount", "of", "each",
    ]
    private static let scopeForm =
        "one of scope = \"global\", wallet = \"NAME\", destinations = \"NAME\" or rule = \"NAME\""

    func readLimits() throws(PolicyError) -> [PolicyModel.Limit] {
        let tables = try root.namedTables("limits")
        guard tables.count <= BundleLayout.limitCountMax else {
            throw root.error(
                "limits",
                found: "\(tables.count) limits",
                expected: "at most \(BundleLayout.limitCountMax)"
            )
        }
        var limits: [PolicyModel.Limit] = []
        for (name, table) in tables {
            limits.append(try readLimit(name, table))
        }
        return limits.sorted { Self.order(of: $0) < Self.order(of: $1) }
    }

    private static func order(of limit: PolicyModel.Limit) -> (Int, Int, String) {
        (Int(limit.scope.code), Int(limit.scope.index), limit.name)
    }

    private func readLimit(
        _ name: String,
        _ table: SourceTable
    ) throws(PolicyError) -> PolicyModel.Limit {
        try table.allowOnly(Self.keys)
        let text = try table.string("window", form: "\(Units.durationForm): window = \"1h\"")
        let window: UInt32
        do throws(Units.Fault) {
            window = try Units.duration(text)
        } catch {
            throw table.error("window", found: "\"\(text)\"", expected: error.expected)
        }
        guard table.contains("amount") || table.contains("transactions") else {
            throw table.error(
                nil,
                found: "neither amount nor transactions",
                expected: "one of them at least: amount = \"1 BTC\""
            )
        }
        let count =
            table.contains("transactions")
            ? try table.integer("transactions", in: 1...4_294_967_294) : nil
        return PolicyModel.Limit(
            name: name,
            scope: try scope(table),
            windowSeconds: window,
            amountMax: table.contains("amount") ? try amount("amount", in: table) : nil,
            countMax: count.map { UInt32($0) }
        )
    }

    private func scope(_ table: SourceTable) throws(PolicyError) -> LimitScope {
        let given = ["scope", "wallet", "destinations", "rule"].filter(table.contains)
        guard given.count == 1, let key = given.first else {
            let found = given.isEmpty ? "no scope" : given.joined(separator: " and ")
            throw table.error(given.last, found: found, expected: Self.scopeForm)
        }
        let name = try table.string(key, form: Self.scopeForm)
        let isOfFees = try isOfFees(table)
        let isEach = table.contains("each") ? try table.bool("each") : false
        guard !isEach || (key == "destinations" && !isOfFees) else {
            throw table.error(
                "each",
                found: "each on another limit",
                expected: "it beside destinations = \"NAME\", on what these get"
            )
        }
        switch key {
        case "wallet":
            let wallet = try place(of: name, among: wallets.map(\.name), key, table)
            return isOfFees ? .feesOfWallet(wallet) : .wallet(wallet)
        case "destinations":
            return try list(name, isEach: isEach, isOfFees: isOfFees, table)
        case "rule":
            let allowing = rules.filter {
                switch $0.fields.effect {
                case .allow, .allowSighashes, .allowConditions: true
                case .allowMessages: !isOfFees
                case .deny, .denyConditions: false
                }
            }
            _ = try place(of: name, among: allowing.map(\.name), key, table)
            let rule = try place(of: name, among: rules.map(\.name), key, table)
            return isOfFees ? .feesOfRule(rule) : .rule(rule)
        default:
            guard name == "global" else {
                throw table.error(key, found: "\"\(name)\"", expected: Self.scopeForm)
            }
            return isOfFees ? .fees : .global
        }
    }

    private func list(
        _ name: String,
        isEach: Bool,
        isOfFees: Bool,
        _ table: SourceTable
    ) throws(PolicyError) -> LimitScope {
        guard !isOfFees else {
            throw table.error(
                "of",
                found: "the fees of destinations",
                expected: "the fees of scope = \"global\", a wallet or a rule: no list gets a fee"
            )
        }
        let list = try place(of: name, among: lists, "destinations", table)
        guard isEach else { return .list(list) }
        guard !shapes.contains(where: { $0.lists >> UInt64(list) & 1 == 1 }) else {
            throw table.error(
                "each",
                found: "a list with data, of which every piece would be another destination",
                expected: "a list of addresses and descriptors alone"
            )
        }
        return .each(list)
    }

    /// A budget of fees has an amount, and counts nothing.
    private func isOfFees(_ table: SourceTable) throws(PolicyError) -> Bool {
        guard table.contains("of") else { return false }
        let form = "of = \"fees\", or no of, which limits all that leaves"
        let text = try table.string("of", form: form)
        guard text == "fees" else {
            throw table.error("of", found: "\"\(text)\"", expected: form)
        }
        guard !table.contains("transactions") else {
            throw table.error(
                "transactions",
                found: "a number of payments in a budget of fees",
                expected: "amount alone; a limit of its own for the number"
            )
        }
        return true
    }
}
