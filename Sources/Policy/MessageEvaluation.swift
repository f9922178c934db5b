/// What the policy is asked about a message, as the signer has verified it.
package struct MessageFacts: ~Escapable {
    /// The wallet whose address signs, by its index in the bundle.
    package let wallet: Int
    package let format: MessageFormat
    package let branch: UInt8
    package let index: UInt32
    /// The addresses that a proof of funds speaks for beside.
    package let coins: CoinAddresses
    /// Strict UTF-8 without what would not show.
    package let text: Span<UInt8>
    package let asking: Asking

    @_lifetime(copy text)
    package init(
        wallet: Int,
        format: MessageFormat,
        branch: UInt8,
        index: UInt32,
        coins: CoinAddresses,
        text: Span<UInt8>,
        asking: Asking
    ) {
        self.wallet = wallet
        self.format = format
        self.branch = branch
        self.index = index
        self.coins = coins
        self.text = text
        self.asking = asking
    }
}

/// The branches and indexes of the coins of a proof of funds, as far as a rule asks about them.
package struct CoinAddresses: Sendable {
    private(set) var branches: UInt16 = 0
    private(set) var indexLeast = UInt32.max
    private(set) var indexMost: UInt32 = 0

    package init() {}

    /// Adds the address of a coin. No rule has a branch above 7, so 15 stands for all from there
    /// on.
    package mutating func add(branch: UInt8, index: UInt32) {
        branches |= 1 << UInt16(min(branch, 15))
        indexLeast = min(indexLeast, index)
        indexMost = max(indexMost, index)
    }
}

/// How far a message came with a rule; the later, the nearer.
private enum MessageCondition: UInt8 {
    case format = 1
    case branch = 2
    case index = 3
    case text = 4
    case coinBranch = 5
    case coinIndex = 6
    case satisfied = 7
}

/// The decision on a message: a deny rule that denies whatever its wallets pay, or whatever is paid
/// for some requesters or at some times, denies what they sign as well. Otherwise one rule about
/// messages that matches is enough. No rule about payments allows a message, and none about
/// messages a payment.
extension CheckedBundle {
    /// What the policy says; if it allows, `sink` is told every matching rule with its charges,
    /// then those that every rule shares. A message moves nothing: every charge is of 0 satoshi,
    /// and counts one.
    package func evaluate<Sink: EvaluationSink & ~Copyable>(
        _ message: MessageFacts,
        into sink: inout Sink
    ) -> PolicyVerdict {
        guard let wallet = bit(of: message.wallet) else { return .refuse(noRule(message)) }
        if let denied = denial(of: wallet, message) { return .refuse(denied) }
        var nearest: (condition: MessageCondition, finding: PolicyFinding)?
        var limits = LimitWalk(self)
        var offset = layout.rules
        for index in 0..<layout.ruleCount {
            let rule = RuleRecord(bytes, at: offset)
            offset = rule.end
            guard rule.wallets & wallet != 0, rule.isAboutMessages else { continue }
            let condition = Self.condition(of: rule.message, message)
            if condition == .satisfied {
                sink.matched(rule: UInt16(index))
                limits.charge(0, 2 << 16 | UInt32(index), into: &sink)
            }
            if condition.rawValue > nearest?.condition.rawValue ?? 0 {
                nearest = (condition, Self.finding(condition, index, rule.message, message))
            }
        }
        guard let nearest else { return .refuse(noRule(message)) }
        guard nearest.condition == .satisfied else { return .refuse(nearest.finding) }
        sink.beginCommonCharges()
        var common = LimitWalk(self)
        common.charge(0, 0, into: &sink)
        common.charge(0, 1 << 16 | UInt32(message.wallet), into: &sink)
        return .allow
    }

    private func denial(of wallet: UInt64, _ message: MessageFacts) -> PolicyFinding? {
        var offset = layout.denyRules.start
        for index in layout.denyRules.first..<layout.denyRules.end {
            let rule = RuleRecord(bytes, at: offset)
            offset = rule.end
            guard rule.wallets & wallet != 0, rule.isDeny, rule.mayDeny(messageOf: message.asking)
            else { continue }
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
        guard TextPattern(rule.pattern).matches(message.text) else { return .text }
        // Each coin is an address that signs as well.
        guard message.coins.firstBranch(outOf: rule) == nil else { return .coinBranch }
        return message.coins.firstIndex(outOf: rule) == nil ? .satisfied : .coinIndex
    }

    private static func finding(
        _ condition: MessageCondition,
        _ place: Int,
        _ rule: MessageRuleRecord,
        _ message: MessageFacts
    ) -> PolicyFinding {
        let found =
            switch condition {
            case .format: UInt64(message.format.rawValue)
            case .branch: UInt64(message.branch)
            case .index: UInt64(message.index)
            case .text, .satisfied: UInt64(message.text.count)
            case .coinBranch: UInt64(message.coins.firstBranch(outOf: rule) ?? 0)
            case .coinIndex: UInt64(message.coins.firstIndex(outOf: rule) ?? 0)
            }
        return PolicyFinding(
            refusal: .messageNotMatched,
            rule: UInt32(place),
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

extension CoinAddresses {
    /// The least branch of a coin that a rule does not name.
    fileprivate func firstBranch(outOf rule: MessageRuleRecord) -> Int? {
        let others = branches & ~UInt16(rule.branches)
        return others == 0 ? nil : others.trailingZeroBitCount
    }

    /// The least index of a coin that is below the rule's, or the greatest that is above.
    fileprivate func firstIndex(outOf rule: MessageRuleRecord) -> UInt32? {
        guard branches != 0 else { return nil }
        if indexLeast < rule.indexMin { return indexLeast }
        return indexMost > rule.indexMax ? indexMost : nil
    }
}
