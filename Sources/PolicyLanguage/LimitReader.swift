import Policy

/// The limits: so much and so often in any window of a length.
extension SourceReader {
    private static let keys = [
        "scope", "wallet", "destinations", "rule", "window", "transactions", "amount",
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
        switch limit.scope {
        case .global: (0, 0, limit.name)
        case .wallet(let index): (1, index, limit.name)
        case .rule(let index): (2, index, limit.name)
        case .list(let index): (3, index, limit.name)
        }
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
        switch key {
        case "wallet":
            return .wallet(try place(of: name, among: wallets.map(\.name), key, table))
        case "destinations":
            return .list(try place(of: name, among: lists, key, table))
        case "rule":
            let allowing = rules.filter { $0.fields.effect != .deny }.map(\.name)
            _ = try place(of: name, among: allowing, key, table)
            return .rule(try place(of: name, among: rules.map(\.name), key, table))
        default:
            guard name == "global" else {
                throw table.error(key, found: "\"\(name)\"", expected: Self.scopeForm)
            }
            return .global
        }
    }
}
