/// Receives what an allowed transaction matched and what it costs.
package protocol EvaluationSink: ~Copyable {
    /// An allow rule matched; the charges that follow are to its own limits.
    mutating func matched(rule: UInt16)
    /// From here on the charges are to limits of the wallet, the destinations and the whole.
    mutating func beginCommonCharges()
    /// `amount` satoshi (and one transaction) are to be charged to a limit.
    mutating func charge(limit: UInt16, amount: UInt64)
}

/// The decision: total, linear in the rules, and the same for every order of them.
///
/// A deny rule that matches wins. Otherwise one allow rule that matches is enough. Otherwise the
/// transaction is refused, and the finding tells of the allow rule that came nearest: the one that
/// failed at the latest condition, of those the one with the highest cap, of those the first.
extension CheckedBundle {
    /// What the policy says, without charges.
    package func verdict(on facts: borrowing Facts) -> PolicyVerdict {
        let isComplete = facts.isComplete
        precondition(isComplete, "all that is paid was said, and counted")
        var nearest = Shortfall.none
        var allowed = false
        var offset = layout.rules
        guard let wallet = bit(of: facts.wallet) else { return .refuse(noRule(facts)) }
        for index in 0..<layout.ruleCount {
            let rule = RuleRecord(bytes, at: offset)
            offset = rule.end
            guard rule.wallets & wallet != 0, !rule.isAboutMessages else { continue }
            if rule.isDeny {
                if rule.denies(facts) { return .refuse(denied(by: rule, at: index, facts)) }
            } else if !allowed {
                let shortfall = rule.shortfall(of: facts, at: index)
                allowed = shortfall.condition == .satisfied
                if nearest.isFurther(than: shortfall) { nearest = shortfall }
            }
        }
        if allowed { return .allow }
        guard let finding = nearest.finding(facts) else { return .refuse(noRule(facts)) }
        return .refuse(finding)
    }

    /// What the policy says; if it allows, `sink` is told every matching allow rule in the order of
    /// the rules with its charges, then the charges that every rule shares.
    package func evaluate<Sink: EvaluationSink & ~Copyable>(
        _ facts: borrowing Facts,
        into sink: inout Sink
    ) -> PolicyVerdict {
        let verdict = verdict(on: facts)
        if verdict == .allow {
            reportMatches(facts, into: &sink)
            sink.beginCommonCharges()
            reportCommonCharges(facts, into: &sink)
        }
        return verdict
    }

    private func reportMatches<Sink: EvaluationSink & ~Copyable>(
        _ facts: borrowing Facts,
        into sink: inout Sink
    ) {
        guard let wallet = bit(of: facts.wallet) else { return }
        var limits = LimitWalk(self)
        limits.skip(below: 2 << 16)
        var feeLimits = LimitWalk(self)
        feeLimits.skip(below: 18 << 16)
        var offset = layout.rules
        for index in 0..<layout.ruleCount {
            let rule = RuleRecord(bytes, at: offset)
            offset = rule.end
            guard rule.wallets & wallet != 0, rule.allowsPayments else { continue }
            guard rule.isSatisfied(by: facts) else { continue }
            sink.matched(rule: UInt16(index))
            guard !limits.isAtEnd else { continue }
            limits.charge(facts.outflow, 2 << 16 | UInt32(index), into: &sink)
            feeLimits.charge(facts.fee, 18 << 16 | UInt32(index), into: &sink)
        }
    }

    private func reportCommonCharges<Sink: EvaluationSink & ~Copyable>(
        _ facts: borrowing Facts,
        into sink: inout Sink
    ) {
        var limits = LimitWalk(self)
        limits.charge(facts.outflow, 0, into: &sink)
        limits.charge(facts.outflow, 1 << 16 | UInt32(facts.wallet), into: &sink)
        // All the limits of lists, then those that each destination of a list has for itself.
        for scope in 3...4 as ClosedRange<UInt32> {
            for list in 0..<layout.listCount where facts.listsPaid & 1 << UInt64(list) != 0 {
                let amount = facts.amountPaid(toList: list)
                limits.charge(amount, scope << 16 | UInt32(list), into: &sink)
            }
        }
        limits.charge(facts.fee, 16 << 16, into: &sink)
        limits.charge(facts.fee, 17 << 16 | UInt32(facts.wallet), into: &sink)
    }

    func bit(of wallet: Int) -> UInt64? {
        wallet >= 0 && wallet < layout.walletCount ? 1 << UInt64(wallet) : nil
    }

    private func noRule(_ facts: borrowing Facts) -> PolicyFinding {
        PolicyFinding(
            refusal: .noRuleForWallet,
            rule: PolicyFinding.noRule,
            expected: 0,
            found: UInt64(clamping: facts.wallet)
        )
    }

    private func denied(
        by rule: RuleRecord,
        at index: Int,
        _ facts: borrowing Facts
    ) -> PolicyFinding {
        PolicyFinding(
            refusal: .deniedByRule,
            rule: UInt32(index),
            expected: rule.lists,
            found: facts.listsPaid
        )
    }
}

/// A walk over the limits in their order, which is that of scope and scope index.
struct LimitWalk: ~Escapable {
    private let bytes: Span<UInt8>
    private let count: Int
    private var index = 0
    private var offset: Int

    @_lifetime(copy bundle)
    init(_ bundle: CheckedBundle) {
        bytes = bundle.bytes
        count = bundle.layout.limitCount
        offset = bundle.layout.limits
    }

    var isAtEnd: Bool { index == count }

    mutating func skip(below scope: UInt32) {
        while index < count {
            let limit = LimitRecord(bytes, at: offset)
            guard limit.scopeKey < scope else { return }
            offset = limit.end
            index += 1
        }
    }

    /// Charges every limit of that scope and scope index; scopes are asked for in their order.
    mutating func charge<Sink: EvaluationSink & ~Copyable>(
        _ amount: UInt64,
        _ scope: UInt32,
        into sink: inout Sink
    ) {
        skip(below: scope)
        while let limit = next(of: scope) {
            sink.charge(limit: limit, amount: amount)
        }
    }

    /// The next limit if it is of that scope and scope index.
    mutating func next(of scope: UInt32) -> UInt16? {
        guard index < count else { return nil }
        let limit = LimitRecord(bytes, at: offset)
        guard limit.scopeKey == scope else { return nil }
        defer {
            offset = limit.end
            index += 1
        }
        return UInt16(index)
    }
}

extension RuleRecord {
    /// Whether a deny rule matches, or may.
    @inline(__always)
    fileprivate func denies(_ facts: borrowing Facts) -> Bool {
        if hasConditions { return mayDeny(facts) }
        let lists = bytes.littleEndian64(at: fields + Offset.lists)
        return lists == 0 ? true : lists & facts.listsPaid != 0
    }
}
