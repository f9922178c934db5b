import Policy

/// What the deny rules leave of a wallet, as far as one rule by itself says it.
///
/// A deny rule with a single condition denies whatever that may hold for, so what is allowed beside
/// it is on the other side: with a range from L on, the most that the number may be is below L.
/// Rules with more conditions, or about who asks and when (which a stolen gate lies about), are
/// taken for nothing.
struct WalletCaps: Equatable {
    var isClosed = false
    /// Lists none of whose destinations may be paid.
    var denied: UInt64 = 0
    var outflowMax = UInt64.max
    var feeMax = UInt64.max
    var largestMax = UInt64.max
    var outputsMax = UInt64.max

    /// One for each wallet, in their order.
    static func read(_ bundle: CheckedBundle) -> [WalletCaps] {
        var caps = [WalletCaps](repeating: WalletCaps(), count: bundle.walletCount)
        bundle.forEachRule { _, rule in
            guard rule.isDeny else { return }
            for wallet in caps.indices where rule.wallets >> UInt64(wallet) & 1 == 1 {
                caps[wallet].apply(rule)
            }
        }
        return caps
    }

    /// Wallets that the deny rules treat alike, together.
    static func classes(_ bundle: CheckedBundle) -> [(caps: WalletCaps, wallets: UInt64)] {
        var classes: [(caps: WalletCaps, wallets: UInt64)] = []
        for (wallet, caps) in read(bundle).enumerated() {
            let bit: UInt64 = 1 << UInt64(wallet)
            if let place = classes.firstIndex(where: { $0.caps == caps }) {
                classes[place].wallets |= bit
            } else {
                classes.append((caps, bit))
            }
        }
        return classes
    }

    private mutating func apply(_ rule: RuleRecord) {
        guard rule.hasConditions else {
            if rule.lists == 0 { isClosed = true } else { denied |= rule.lists }
            return
        }
        var walk = rule.conditions
        var count = 0
        while walk.next() != nil { count += 1 }
        guard count <= 1 else { return }
        walk = rule.conditions
        guard let condition = walk.next() else {
            isClosed = true
            return
        }
        switch condition.kind {
        case .destinations: denied |= condition.lists
        case .range where condition.most == .max && condition.least > 0:
            cap(condition.numericFact, condition.least - 1)
        default: break
        }
    }

    private mutating func cap(_ fact: NumericFact, _ most: UInt64) {
        switch fact {
        case .outflow: outflowMax = min(outflowMax, most)
        case .fee: feeMax = min(feeMax, most)
        case .largest: largestMax = min(largestMax, most)
        case .outputs: outputsMax = min(outputsMax, most)
        case .feerate, .inputs, .ownShare: break
        }
    }
}
