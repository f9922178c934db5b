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
    /// What the policy says; if it allows, `sink` is told every matching allow rule in the order of
    /// the rules with its charges, then the charges that every rule shares.
    package func evaluate<Sink: EvaluationSink & ~Copyable>(
        _ facts: borrowing Facts,
        into sink: inout Sink
    ) -> PolicyVerdict {
        let isComplete = facts.isComplete
        precondition(isComplete, "all that is paid was said, and counted")
        guard let wallet = bit(of: facts.wallet) else { return .refuse(noRule(facts)) }
        // First of all, so that what matches may be told as soon as it is met.
        if let denied = denial(of: wallet, facts) { return .refuse(denied) }
        let nearest = reportMatches(of: wallet, facts, into: &sink)
        guard nearest.condition == .satisfied else {
            guard let finding = nearest.finding(facts) else { return .refuse(noRule(facts)) }
            return .refuse(finding)
        }
        sink.beginCommonCharges()
        reportCommonCharges(facts, into: &sink)
        return .allow
    }

    private func denial(of wallet: UInt64, _ facts: borrowing Facts) -> PolicyFinding? {
        var offset = layout.denyRules.start
        for index in layout.denyRules.first..<layout.denyRules.end {
            let rule = RuleRecord(bytes, at: offset)
            offset = rule.end
            guard rule.isDeny, rule.wallets & wallet != 0, rule.denies(facts) else { continue }
            return PolicyFinding(
                refusal: .deniedByRule,
                rule: UInt32(index),
                expected: rule.lists,
                found: facts.listsPaid
            )
        }
        return nil
    }

    /// Tells `sink` of the allow rules that match; what the nearest of the others lacks.
    private func reportMatches<Sink: EvaluationSink & ~Copyable>(
        of wallet: UInt64,
        _ facts: borrowing Facts,
        into sink: inout Sink
    ) -> Shortfall {
        var limits = LimitWalk(self)
        limits.skip(below: 2 << 16)
        var feeLimits = LimitWalk(self)
        feeLimits.skip(below: 18 << 16)
        var walk = AllowWalk(self, of: wallet)
        while !walk.isAtEnd {
            let first = walk.index
            var matches = walk.nextMatches(facts)
            while matches != 0 {
                let rule = first + matches.trailingZeroBitCount
                matches &= matches &- 1
                sink.matched(rule: UInt16(rule))
                guard !limits.isAtEnd else { continue }
                limits.charge(facts.outflow, 2 << 16 | UInt32(rule), into: &sink)
                feeLimits.charge(facts.fee, 18 << 16 | UInt32(rule), into: &sink)
            }
        }
        return walk.nearest
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
}

/// A walk over the rules that allow payments of a wallet, 64 at a time, apart from whoever is told
/// of it: what is generic costs a call for every rule.
private struct AllowWalk: ~Escapable {
    private let bytes: Span<UInt8>
    private let wallet: UInt64
    private let end: Int
    private(set) var index: Int
    private var offset: Int
    /// What the nearest rule so far lacks.
    private(set) var nearest = Shortfall.none

    @_lifetime(copy bundle)
    init(_ bundle: CheckedBundle, of wallet: UInt64) {
        (bytes, self.wallet) = (bundle.bytes, wallet)
        let rules = bundle.layout.allowRules
        (index, end, offset) = (rules.first, rules.end, rules.start)
    }

    var isAtEnd: Bool { index == end }

    /// Which of the next 64 rules match: bit n for the one that stands n behind `index`.
    mutating func nextMatches(_ facts: borrowing Facts) -> UInt64 {
        var (offset, nearest, matches) = (offset, nearest, 0 as UInt64)
        let count = min(end &- index, 64)
        for place in 0..<count {
            let rule = RuleRecord(bytes, at: offset)
            offset = rule.end
            guard rule.wallets & wallet != 0, rule.allowsPayments else { continue }
            let failure = rule.failure(of: facts)
            if failure.condition == .satisfied {
                matches |= 1 &<< UInt64(place)
            } else {
                nearest.approach(failure, of: rule, at: index &+ place)
            }
        }
        index &+= count
        self.offset = offset
        self.nearest = matches == 0 ? nearest : .satisfied
        return matches
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
