/// What the policy is asked about a message, as the signer has verified it.
package struct MessageFacts: ~Escapable {
    /// The wallet whose address signs, by its index in the bundle.
    package let wallet: Int
    package let format: MessageFormat
    package let branch: UInt8
    package let index: UInt32
    /// Strict UTF-8 without what would not show.
    package let text: Span<UInt8>

    @_lifetime(copy text)
    package init(
        wallet: Int,
        format: MessageFormat,
        branch: UInt8,
        index: UInt32,
        text: Span<UInt8>
    ) {
        self.wallet = wallet
        self.format = format
        self.branch = branch
        self.index = index
        self.text = text
    }
}

/// How far a message came with a rule; the later, the nearer.
private enum MessageCondition: UInt8 {
    case format = 1
    case branch = 2
    case index = 3
    case text = 4
    case satisfied = 5
}

/// The decision on a message: a deny rule that denies whatever its wallets pay denies what they
/// sign as well. Otherwise one rule about messages that matches is enough. No rule about payments
/// allows a message, and none about messages a payment.
extension CheckedBundle {
    /// What the policy says; if it allows, `sink` is told every matching rule with its charges,
    /// then those that every rule shares. A message moves nothing: every charge is of 0 satoshi,
    /// and counts one.
    package func evaluate<Sink: EvaluationSink & ~Copyable>(
        _ message: MessageFacts,
        into sink: inout Sink
    ) -> PolicyVerdict {
        guard let wallet = bit(of: message.wallet) else { return .refuse(noRule(message)) }
        if let denied = denial(of: wallet) { return .refuse(denied) }
        var nearest: (condition: MessageCondition, rule: Int)?
        var limits = LimitWalk(self)
        var offset = layout.rules
        for index in 0..<layout.ruleCount {
            let rule = RuleRecord(bytes, at: offset)
            offset = rule.end
            guard rule.wallets & wallet != 0, rule.isAboutMessages else { continue }
            let condition = Self.condition(of: rule.message, message)
            if condition == .satisfied {
                sink.matched(rule: UInt16(index))
                charge(2 << 16 | UInt32(index), &limits, into: &sink)
            }
            if condition.rawValue > nearest?.condition.rawValue ?? 0 {
                nearest = (condition, index)
            }
        }
        guard let nearest else { return .refuse(noRule(message)) }
        guard nearest.condition == .satisfied else {
            return .refuse(Self.finding(nearest.condition, nearest.rule, message))
        }
        sink.beginCommonCharges()
        var common = LimitWalk(self)
        charge(0, &common, into: &sink)
        charge(1 << 16 | UInt32(message.wallet), &common, into: &sink)
        return .allow
    }

    private func denial(of wallet: UInt64) -> PolicyFinding? {
        var offset = layout.rules
        for index in 0..<layout.ruleCount {
            let rule = RuleRecord(bytes, at: offset)
            offset = rule.end
            guard rule.wallets & wallet != 0, rule.effect == .deny, rule.lists == 0 else {
                continue
            }
            return PolicyFinding(refusal: .deniedByRule, rule: UInt32(index), expected: 0, found: 0)
        }
        return nil
    }

    private static func condition(
        of rule: MessageRuleRecord,
        _ message: MessageFacts
    ) -> MessageCondition {
        guard rule.formats & message.format.bit != 0 else { return .format }
        guard message.branch < 8, rule.branches >> message.branch & 1 == 1 else { return .branch }
        guard (rule.indexMin...rule.indexMax).contains(message.index) else { return .index }
        return TextPattern(rule.pattern).matches(message.text) ? .satisfied : .text
    }

    private func charge<Sink: EvaluationSink & ~Copyable>(
        _ scope: UInt32,
        _ limits: inout LimitWalk,
        into sink: inout Sink
    ) {
        limits.skip(below: scope)
        while let limit = limits.next(of: scope) {
            sink.charge(limit: limit, amount: 0)
        }
    }

    private static func finding(
        _ condition: MessageCondition,
        _ rule: Int,
        _ message: MessageFacts
    ) -> PolicyFinding {
        let found =
            switch condition {
            case .format: UInt64(message.format.rawValue)
            case .branch: UInt64(message.branch)
            case .index: UInt64(message.index)
            case .text, .satisfied: UInt64(message.text.count)
            }
        return PolicyFinding(
            refusal: .messageNotMatched,
            rule: UInt32(rule),
            expected: UInt64(condition.rawValue),
            found: found
        )
    }

    private func noRule(_ message: MessageFacts) -> PolicyFinding {
        PolicyFinding(
            refusal: .noRuleForMessage,
            rule: PolicyFinding.noRule,
            expected: 0,
            found: UInt64(clamping: message.wallet)
        )
    }
}
