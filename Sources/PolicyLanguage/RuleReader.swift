private import Bitcoin
import Policy
private import Wallet

/// The rules, in the order of the source.
extension SourceReader {
    private static let keys = [
        "name", "effect", "wallets", "destinations", "max_outflow", "max_fee", "max_feerate",
        "sighash",
    ]
    private static let caps = ["max_outflow", "max_fee", "max_feerate"]
    private static let conditionCaps =
        caps + ["max_output", "max_inputs", "max_outputs", "max_own_share"]

    mutating func readRules() throws(PolicyError) {
        let tables = try root.tables("rules")
        guard tables.count <= 0xFFFF else {
            throw root.error("rules", found: "\(tables.count) rules", expected: "at most 65535")
        }
        var names: Set<String> = []
        for table in tables {
            let rule = try readRule(table)
            guard names.insert(rule.name).inserted else {
                throw table.error("name", found: "\(rule.name) again", expected: "another name")
            }
            rules.append(rule)
        }
    }

    private func readRule(_ table: SourceTable) throws(PolicyError) -> PolicyModel.Rule {
        let effect = try effect(table)
        let isAboutMessages = effect == .allowMessages
        try table.allowOnly(isAboutMessages ? Self.messageKeys : Self.keys + Self.conditionKeys)
        let name = try table.string("name", form: "a name: name = \"everyday\"")
        guard Spelling.isName(name) else {
            throw table.error("name", found: "\"\(name)\"", expected: Spelling.nameForm)
        }
        let wallets = try places(
            "wallets",
            among: self.wallets.map(\.name),
            all: LowestBits.mask(self.wallets.count),
            table
        )
        if effect == .allowMessages {
            let fields = RuleFields(effect: effect, wallets: wallets)
            return PolicyModel.Rule(name: name, fields: fields, message: try readMessages(table))
        }
        let lists = try places("destinations", among: self.lists, all: 0, table)
        var fields = RuleFields(effect: effect, wallets: wallets, lists: lists)
        let isDeny = effect == .deny
        let said = Self.conditionKeys + (isDeny ? Self.caps + ["sighash"] : [])
        guard !said.contains(where: table.contains) else {
            fields.effect = isDeny ? .denyConditions : .allowConditions
            let conditions = try readConditions(table, lists: lists, isDeny: isDeny)
            if isDeny { try requireMoreThanCaps(conditions, table) }
            return PolicyModel.Rule(name: name, fields: fields, conditions: conditions)
        }
        if !isDeny {
            fields.outflowMax = try cap("max_outflow", Units.amountForm, table, Units.amount)
            fields.feeMax = try cap("max_fee", Units.amountForm, table, Units.amount)
            if table.contains("max_feerate") {
                fields.feerateMax = try cap("max_feerate", Units.feerateForm, table, Units.feerate)
            }
            if table.contains("sighash") {
                fields.sighashes = try sighashes(table, hasLists: lists != 0)
                fields.effect = .allowSighashes
            }
        }
        return PolicyModel.Rule(name: name, fields: fields)
    }

    /// A deny rule with upper bounds alone denies all that stays within them: whoever writes one
    /// means the opposite.
    private func requireMoreThanCaps(
        _ conditions: [PolicyCondition],
        _ table: SourceTable
    ) throws(PolicyError) {
        for condition in conditions {
            guard case .range(_, least: 0, most: _) = condition else { return }
        }
        guard let key = Self.conditionCaps.first(where: table.contains) else { return }
        let least = "min" + key.dropFirst(3)
        throw table.error(
            key,
            found: "a deny rule with upper bounds alone, which denies whatever is within them",
            expected: "\(least) to deny what is larger (one more than the largest that may be), or "
                + "\(key) on the allow rules: what no rule allows is denied"
        )
    }

    /// The types beside ALL and DEFAULT, as bits.
    func sighashes(_ table: SourceTable, hasLists: Bool) throws(PolicyError) -> UInt8 {
        let known = SighashPermission.names(SighashPermission.every)
        let form = "a list of \(known.joined(separator: ", "))"
        let names = try table.strings("sighash", form: "\(form): sighash = [\"SINGLE\"]")
        guard !names.isEmpty else {
            let expected = "\(form); without the key ALL and DEFAULT are permitted"
            throw table.error("sighash", found: "no type", expected: expected)
        }
        var mask: UInt8 = 0
        for name in names {
            guard name != "ALL", name != "DEFAULT" else {
                let expected = "only types beside ALL and DEFAULT, which are always permitted"
                throw table.error("sighash", found: name, expected: expected)
            }
            guard let place = known.firstIndex(of: name) else {
                let nearest = Spelling.nearest(to: name, among: known)
                let expected = nearest.map { "\($0) (did you mean it?)" } ?? form
                throw table.error("sighash", found: "\"\(name)\"", expected: expected)
            }
            let bit = SighashPermission.types[place].permission
            guard mask & bit == 0 else {
                throw table.error("sighash", found: "\(name) twice", expected: "each type once")
            }
            mask |= bit
        }
        guard !hasLists || mask & SighashPermission.openOutputs == 0 else {
            throw table.error(
                "sighash",
                found: "destinations beside a type that lets anyone add outputs",
                expected: "destinations = \"any\", or ALL|ANYONECANPAY alone"
            )
        }
        return mask
    }

    private func effect(_ table: SourceTable) throws(PolicyError) -> RuleEffect {
        let form = "effect = \"allow\", effect = \"deny\" or effect = \"allow-messages\""
        switch try table.string("effect", form: form) {
        case "allow": return .allow
        case "deny": return .deny
        case "allow-messages": return .allowMessages
        case let other: throw table.error("effect", found: "\"\(other)\"", expected: form)
        }
    }

    /// `"none"` is no cap; leaving a cap out is refused, so that none is forgotten.
    private func cap(
        _ key: String,
        _ form: String,
        _ table: SourceTable,
        _ parse: (String) throws(Units.Fault) -> UInt64
    ) throws(PolicyError) -> UInt64 {
        let text = try table.string(key, form: "\(form), or \(key) = \"none\" for no cap")
        guard text != "none" else { return RuleRecord.noCap }
        do throws(Units.Fault) {
            return try parse(text)
        } catch {
            throw table.error(key, found: "\"\(text)\"", expected: error.expected)
        }
    }

    /// `"any"`, or a list of names, as bits.
    func places(
        _ key: String,
        among known: [String],
        all: UInt64,
        _ table: SourceTable
    ) throws(PolicyError) -> UInt64 {
        let form = "\(key) = \"any\" or a list of names: \(key) = [\"\(known.first ?? "name")\"]"
        if table.isString(key) {
            let text = try table.string(key, form: form)
            guard text == "any" else {
                throw table.error(key, found: "\"\(text)\"", expected: form)
            }
            return all
        }
        return try names(key, among: known, form: form, table)
    }

    /// A list of names that are known, each once, as bits.
    func names(
        _ key: String,
        among known: [String],
        form: String,
        _ table: SourceTable
    ) throws(PolicyError) -> UInt64 {
        let names = try table.strings(key, form: form)
        guard !names.isEmpty else { throw table.error(key, found: "no name", expected: form) }
        var bits: UInt64 = 0
        for name in names {
            let bit: UInt64 = 1 << UInt64(try place(of: name, among: known, key, table))
            guard bits & bit == 0 else {
                throw table.error(key, found: "\(name) twice", expected: "each name once")
            }
            bits |= bit
        }
        return bits
    }

    /// The place of a name that must be known, with a suggestion when it is not.
    func place(
        of name: String,
        among known: [String],
        _ key: String,
        _ table: SourceTable
    ) throws(PolicyError) -> Int {
        if let place = known.firstIndex(of: name) { return place }
        let nearest = Spelling.nearest(to: name, among: known)
        let all = known.isEmpty ? "a name that is defined (none is)" : known.joined(separator: ", ")
        throw table.error(
            key,
            found: "the unknown name \"\(name)\"",
            expected: nearest.map { "\($0) (did you mean it?)" } ?? "one of \(all)"
        )
    }
}

/// Masks of bits, as the bundle uses them.
enum LowestBits {
    static func mask(_ count: Int) -> UInt64 {
        count == 64 ? .max : (1 << UInt64(count)) - 1
    }
}
