package import Policy

/// Finds what of a policy does nothing. Only what is proven is said: each finding has its argument
/// where it is made.
package struct FlawFinder: ~Escapable {
    /// Up to so many rules each is compared with each.
    package static let comparedRulesMax = 2_000

    private let bundle: CheckedBundle
    private let names: PolicyNaming
    private let contents: ListContents
    private let lines: SourceLines
    private var dead: Set<Int> = []
    private var flaws: [PolicyFlaw] = []

    @_lifetime(copy bundle)
    private init(_ bundle: CheckedBundle) {
        self.bundle = bundle
        names = PolicyNaming(bundle)
        contents = ListContents(bundle)
        lines = SourceLines(names.source)
    }

    /// All that is found, rules first, in the order of the policy.
    package static func flaws(of bundle: CheckedBundle) -> [PolicyFlaw] {
        var finder = FlawFinder(bundle)
        finder.findDeadRules()
        if bundle.ruleCount <= comparedRulesMax { finder.compareRules() }
        finder.findRulesWithoutRoom()
        for (limit, reason) in IdleLimits(bundle, finder.contents, finder.names).found {
            finder.add(.idleLimit, "limit", finder.names.limits[limit], reason)
        }
        finder.findUnusedLists()
        finder.findSilentWallets()
        return finder.flaws
    }

    private mutating func add(
        _ kind: PolicyFlaw.Kind,
        _ subject: String,
        _ name: String,
        _ message: String,
        rule: Int? = nil
    ) {
        let path: [String] =
            switch subject {
            case "rule": ["rules", "[\((rule ?? 0) + 1)]"]
            case "limit": ["limits", name]
            case "wallet": ["wallets", name]
            default: ["destinations", name]
            }
        flaws.append(
            PolicyFlaw(
                kind: kind,
                subject: subject,
                name: name,
                line: lines.line(of: path),
                message: message
            )
        )
    }

    /// `RuleReach` says why nothing can match: by the rule itself, or by what deny rules leave.
    private mutating func findDeadRules() {
        var found: [(Int, PolicyFlaw.Kind, String)] = []
        let classes = WalletCaps.classes(bundle)
        let contents = contents
        bundle.forEachRule { index, rule in
            guard rule.allowsPayments else { return }
            var reasons: [String] = []
            if let reason = Self.never(rule, .init(), rule.wallets, contents) {
                found.append((index, .deadRule, "no payment can match it: \(reason)"))
                return
            }
            for (caps, wallets) in classes where rule.wallets & wallets != 0 {
                guard let reason = Self.never(rule, caps, wallets, contents) else { return }
                reasons.append(reason)
            }
            found.append((index, .deniedRule, "deny rules leave nothing of it: \(reasons[0])"))
        }
        for (rule, kind, message) in found {
            dead.insert(rule)
            add(kind, "rule", names.rules[rule], message, rule: rule)
        }
    }

    private static func never(
        _ rule: RuleRecord,
        _ caps: WalletCaps,
        _ wallets: UInt64,
        _ contents: ListContents
    ) -> String? {
        do throws(RuleReach.Never) {
            _ = try RuleReach(rule, at: 0, wallets: wallets, caps, contents, allowance: .max)
            return nil
        } catch {
            return error.reason
        }
    }

    /// A rule is shadowed by one of the same effect that holds whenever it does, for all of its
    /// wallets; of two that are alike the first stands. A rule that allows shadows only if it has
    /// no limits of its own: then whatever is charged to the other can be charged to it.
    private mutating func compareRules() {
        var limited: Set<Int> = []
        bundle.forEachLimit { _, limit in
            switch limit.scope {
            case .rule(let rule), .feesOfRule(let rule): limited.insert(rule)
            case .global, .wallet, .list, .each, .fees, .feesOfWallet: break
            }
        }
        let (bundle, dead) = (bundle, dead)
        var found: [(Int, PolicyFlaw.Kind, Int)] = []
        bundle.forEachRule { index, rule in
            guard !dead.contains(index) else { return }
            var finding: (PolicyFlaw.Kind, Int)?
            bundle.forEachRule { place, other in
                guard place != index, finding == nil, !dead.contains(place),
                    rule.wallets & ~other.wallets == 0
                else { return }
                if !rule.isDeny, other.isDeny {
                    let isDenied =
                        rule.isAboutMessages
                        ? other.deniesEverything
                        : Self.pair(rule, other, bundle).deniesAllowed
                    if isDenied { finding = (.deniedRule, place) }
                } else if Self.shadows(other, rule, bundle), !limited.contains(place) {
                    let isMutual =
                        other.wallets == rule.wallets && !limited.contains(index)
                        && Self.shadows(rule, other, bundle)
                    if !isMutual || place < index { finding = (.shadowedRule, place) }
                }
            }
            if let finding { found.append((index, finding.0, finding.1)) }
        }
        for (rule, kind, other) in found {
            let message =
                kind == .deniedRule
                ? "rule \(names.rules[other]) denies all that it allows"
                : "rule \(names.rules[other]) says all that it says, so it changes nothing"
            add(kind, "rule", names.rules[rule], message, rule: rule)
        }
    }

    @_lifetime(copy rule, copy other, copy bundle)
    private static func pair(
        _ rule: RuleRecord,
        _ other: RuleRecord,
        _ bundle: CheckedBundle
    ) -> RuleInclusion {
        RuleInclusion(rule, of: bundle, in: other, of: bundle, .identity)
    }

    private static func shadows(
        _ other: RuleRecord,
        _ rule: RuleRecord,
        _ bundle: CheckedBundle
    ) -> Bool {
        if rule.isDeny, other.isDeny { return pair(rule, other, bundle).deniesAll }
        if rule.allowsPayments, other.allowsPayments { return pair(rule, other, bundle).allowsAll }
        guard rule.isAboutMessages, other.isAboutMessages else { return false }
        return other.message.isAbout(allOf: rule.message)
    }

    /// The least that a rule lets out, or takes as fee, is more than a limit in scope admits.
    private mutating func findRulesWithoutRoom() {
        let reaches = RuleReach.all(of: bundle, contents, allowance: .max)
        for rule in Set(reaches.map(\.rule)).sorted() {
            let some = reaches.filter { $0.rule == rule }
            let least = some.map(\.outflowMin).min() ?? 0
            let fee = some.map(\.feeMin).min() ?? 0
            let wallets = some.reduce(0) { $0 | $1.wallets }
            var obstacle: String?
            if least > bundle.allowance { obstacle = "the allowance" }
            let names = names
            bundle.forEachLimit { index, limit in
                guard obstacle == nil, let most = limit.amountMax else { return }
                let demanded: UInt64
                switch limit.scope {
                case .global: demanded = least
                case .rule(rule): demanded = least
                case .wallet(let wallet) where wallets == 1 << UInt64(wallet): demanded = least
                case .fees, .feesOfRule(rule): demanded = fee
                case .feesOfWallet(let wallet) where wallets == 1 << UInt64(wallet): demanded = fee
                default: return
                }
                guard demanded > most else { return }
                obstacle = names.limit(names.limits[index], limit.scope)
            }
            guard let obstacle else { continue }
            let message = "what it allows takes \(Written.amount(least)) at least: never within "
            add(.ruleWithoutRoom, "rule", names.rules[rule], message + obstacle, rule: rule)
        }
    }

    private mutating func findUnusedLists() {
        var used: UInt64 = 0
        bundle.forEachRule { _, rule in
            if !rule.isAboutMessages { used |= rule.lists }
        }
        bundle.forEachLimit { _, limit in
            switch limit.scope {
            case .list(let list), .each(let list): used |= 1 << UInt64(list)
            case .global, .wallet, .rule, .fees, .feesOfWallet, .feesOfRule: break
            }
        }
        for list in names.lists.indices where used >> UInt64(list) & 1 == 0 {
            add(.unusedList, "destinations", names.lists[list], "no rule and no limit is about it")
        }
    }

    /// No rule that allows is about the wallet, or none of those that are can match.
    private mutating func findSilentWallets() {
        var allowed: UInt64 = 0
        let reaches = RuleReach.all(of: bundle, contents, allowance: .max)
        for reach in reaches { allowed |= reach.wallets }
        let caps = WalletCaps.read(bundle)
        bundle.forEachRule { _, rule in
            if rule.isAboutMessages { allowed |= rule.wallets }
        }
        for wallet in names.wallets.indices where allowed >> UInt64(wallet) & 1 == 0 {
            let why = caps[wallet].isClosed ? "a rule denies all of it" : "no rule allows any"
            add(.silentWallet, "wallet", names.wallets[wallet], "nothing is signed from it: \(why)")
        }
    }
}

extension RuleRecord {
    /// Whether a deny rule says nothing but its wallets, and so denies messages as well.
    fileprivate var deniesEverything: Bool {
        var walk = conditions
        return hasConditions ? walk.next() == nil : lists == 0
    }
}
