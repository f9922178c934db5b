private import Bitcoin
import Policy

/// Conditions that caps, destinations and sighash types alone do not say.
extension SourceReader {
    /// The keys that make a rule one of conditions.
    static let conditionKeys = plainKeys + approvalKeys
    private static let plainKeys = [
        "min_outflow", "min_fee", "min_feerate", "min_output", "max_output", "min_inputs",
        "max_inputs", "min_outputs", "max_outputs", "min_own_share", "max_own_share", "scripts",
        "lock_time", "replaceable", "replacement", "requesters", "times", "zone",
    ]

    /// How the bounds of a fact are written.
    private struct Bound {
        let fact: NumericFact
        let keys: (least: String, most: String)
        let form: String
        let parse: (String) throws(Units.Fault) -> UInt64

        static var texts: [Bound] {
            [
                Bound(
                    fact: .outflow,
                    keys: ("min_outflow", "max_outflow"),
                    form: Units.amountForm,
                    parse: Units.amount
                ),
                Bound(
                    fact: .fee,
                    keys: ("min_fee", "max_fee"),
                    form: Units.amountForm,
                    parse: Units.amount
                ),
                Bound(
                    fact: .feerate,
                    keys: ("min_feerate", "max_feerate"),
                    form: Units.feerateForm,
                    parse: Units.feerate
                ),
                Bound(
                    fact: .largest,
                    keys: ("min_output", "max_output"),
                    form: Units.amountForm,
                    parse: Units.amount
                ),
                Bound(
                    fact: .ownShare,
                    keys: ("min_own_share", "max_own_share"),
                    form: Units.shareForm,
                    parse: Units.share
                ),
            ]
        }
        static let counts: [(fact: NumericFact, least: String, most: String, limit: Int)] = [
            (.inputs, "min_inputs", "max_inputs", 5_000),
            (.outputs, "min_outputs", "max_outputs", 4_000),
        ]
    }

    /// All conditions of a rule, in the order of the bundle. An allow rule has outflow and fee.
    func readConditions(
        _ table: SourceTable,
        lists: UInt64,
        isDeny: Bool
    ) throws(PolicyError) -> [PolicyCondition] {
        var conditions: [PolicyCondition] = []
        for bound in Bound.texts {
            let isDemanded = !isDeny && (bound.fact == .outflow || bound.fact == .fee)
            let isThere = table.contains(bound.keys.least) || table.contains(bound.keys.most)
            guard isDemanded || isThere else { continue }
            if let range = try range(bound, table, isDemanded: isDemanded, isDeny: isDeny) {
                conditions.append(range)
            }
        }
        for count in Bound.counts {
            let known = 1...count.limit
            let least = try optionalCount(count.least, known, table) ?? 0
            let most = try optionalCount(count.most, known, table) ?? .max
            guard least > 0 || most < .max else { continue }
            try require(least, atMost: most, count.least, table)
            conditions.append(.range(count.fact, least: least, most: most))
        }
        if lists != 0 { conditions.append(.destinations(lists)) }
        if table.contains("sighash") {
            conditions.append(.sighashes(try sighashes(table, hasLists: lists != 0 && !isDeny)))
        }
        conditions += try readSets(table)
        if let requesters = try readRequesters(table) { conditions.append(.requesters(requesters)) }
        if let times = try readTimes(table) { conditions.append(times) }
        if let approvals = try readApprovals(table, isDeny: isDeny) {
            conditions.append(.approvals(approvals))
        }
        return conditions.sorted { $0.order < $1.order }
    }

    private func range(
        _ bound: Bound,
        _ table: SourceTable,
        isDemanded: Bool,
        isDeny: Bool
    ) throws(PolicyError) -> PolicyCondition? {
        var least: UInt64 = 0
        if table.contains(bound.keys.least) {
            let form = "\(bound.form), more than nothing"
            let text = try table.string(bound.keys.least, form: form)
            least = try quantity(text, bound.keys.least, table, bound.parse)
            guard least > 0 else {
                throw table.error(bound.keys.least, found: "\"\(text)\"", expected: form)
            }
        }
        var most = UInt64.max
        if isDemanded || table.contains(bound.keys.most) {
            let key = bound.keys.most
            let none = isDeny ? "" : ", or \(key) = \"none\" for no cap"
            let text = try table.string(key, form: bound.form + none)
            if text == "none", isDeny {
                throw table.error(
                    key,
                    found: "\"none\", which says nothing on a deny rule",
                    expected: "\(bound.form), or no \(key) at all"
                )
            }
            if text != "none" { most = try quantity(text, key, table, bound.parse) }
        }
        try require(least, atMost: most, bound.keys.least, table)
        guard isDemanded || least > 0 || most < .max else { return nil }
        return .range(bound.fact, least: least, most: most)
    }

    private func quantity(
        _ text: String,
        _ key: String,
        _ table: SourceTable,
        _ parse: (String) throws(Units.Fault) -> UInt64
    ) throws(PolicyError) -> UInt64 {
        do throws(Units.Fault) {
            return try parse(text)
        } catch {
            throw table.error(key, found: "\"\(text)\"", expected: error.expected)
        }
    }

    private func require(
        _ least: UInt64,
        atMost most: UInt64,
        _ key: String,
        _ table: SourceTable
    ) throws(PolicyError) {
        guard least <= most else {
            let most = "max" + key.dropFirst(3)
            throw table.error(key, found: "more than \(most)", expected: "\(most) or less")
        }
    }

    private func optionalCount(
        _ key: String,
        _ known: ClosedRange<Int>,
        _ table: SourceTable
    ) throws(PolicyError) -> UInt64? {
        table.contains(key) ? UInt64(try table.integer(key, in: known)) : nil
    }

    private func readSets(_ table: SourceTable) throws(PolicyError) -> [PolicyCondition] {
        var conditions: [PolicyCondition] = []
        if table.contains("scripts") {
            let bits = try names("scripts", ConditionText.scripts, table)
            conditions.append(.scripts(UInt16(bits)))
        }
        if table.contains("lock_time") {
            let bits = try names("lock_time", ConditionText.locks, table)
            guard bits != UInt64(LockTimes.every) else {
                let expected = "some of them; without the key all are permitted"
                throw table.error("lock_time", found: "all there are", expected: expected)
            }
            conditions.append(.lockTime(UInt8(bits)))
        }
        if table.contains("replaceable") {
            let isReplaceable = try table.bool("replaceable")
            conditions.append(.replaceable(isReplaceable ? 2 : 1))
        }
        if table.contains("replacement") {
            let form = "replacement = \"only\" or replacement = \"never\""
            switch try table.string("replacement", form: form) {
            case "only": conditions.append(.replacement(2))
            case "never": conditions.append(.replacement(1))
            case let other:
                throw table.error("replacement", found: "\"\(other)\"", expected: form)
            }
        }
        return conditions
    }

    /// A list of names that are known, as bits.
    private func names(
        _ key: String,
        _ known: [String],
        _ table: SourceTable
    ) throws(PolicyError) -> UInt64 {
        let form = "a list of \(known.joined(separator: ", ")): \(key) = [\"\(known[0])\"]"
        return try names(key, among: known, form: form, table)
    }
}
