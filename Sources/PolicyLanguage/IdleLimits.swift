private import Bitcoin
import Policy

/// Limits that are never the reason of a refusal, because something at least as tight always is.
///
/// A limit has an amount, a count, or both, and each is held against what else every payment is
/// charged to that is charged to it. (A sum over rules would not do: a payment that replaces
/// another may go by another rule, and dates what the first charged anew, unchecked.)
///
/// *Amount.* A limit of a scope that has all that this one has, with an amount no larger and a
/// window no shorter, admits no more: each payment charges it at least as much, and whatever dates
/// a charge anew dates both. *Count.* The same with numbers. *Amount by count.* A limit of all
/// payments, or of the wallet, that admits n in its window admits ceil(w / its window) * n in w;
/// each charges at most the largest that any rule lets through.
///
/// Of limits that hold each other one is left: a limit is called idle for one that is tighter, or
/// as tight and before it, and what is idle for an idle one is so for the one that holds that.
struct IdleLimits {
    private(set) var found: [(limit: Int, reason: String)] = []

    private struct Limit {
        let index: Int
        let scope: LimitScope
        let window: UInt64
        let amount: UInt64?
        let count: UInt64?
    }

    private let names: PolicyNaming
    private let reaches: [RuleReach]
    /// The wallets that each rule is about, whether or not anything can match.
    private var wallets: [UInt64] = []
    /// Others may add inputs, and the outputs stand: they can get more than what leaves.
    private var isJoinable = false

    init(_ bundle: CheckedBundle, _ contents: ListContents, _ names: PolicyNaming) {
        self.names = names
        reaches = RuleReach.all(of: bundle, contents, allowance: .max)
        var (wallets, isJoinable) = ([UInt64](), false)
        bundle.forEachRule { _, rule in
            wallets.append(rule.wallets)
            if rule.allowsPayments, rule.sighashes & SighashPermission.allAnyoneCanPay != 0 {
                isJoinable = true
            }
        }
        (self.wallets, self.isJoinable) = (wallets, isJoinable)
        var limits: [Limit] = []
        bundle.forEachLimit { index, limit in
            limits.append(
                Limit(
                    index: index,
                    scope: limit.scope,
                    window: UInt64(limit.windowSeconds),
                    amount: limit.amountMax,
                    count: limit.countMax.map { UInt64($0) }
                )
            )
        }
        for limit in limits {
            guard let reason = reason(for: limit, among: limits) else { continue }
            found.append((limit.index, reason))
        }
    }

    private func reason(for limit: Limit, among limits: [Limit]) -> String? {
        let others = limits.filter { $0.index != limit.index }
        var holding: [Limit] = []
        if let amount = limit.amount {
            guard let other = others.first(where: { holds($0, limit, amount: amount) }) else {
                return nil
            }
            holding.append(other)
        }
        if let count = limit.count {
            guard let other = others.first(where: { holds($0, limit, count: count) }) else {
                return nil
            }
            if other.index != holding.first?.index { holding.append(other) }
        }
        let all = holding.map { names.limit(names.limits[$0.index], $0.scope) }
        return "it is never reached, for \(all.joined(separator: " and ")) is reached before"
    }

    private func holds(_ other: Limit, _ limit: Limit, amount: UInt64) -> Bool {
        if let tight = other.amount, isWider(other.scope, limit.scope, inAmount: true),
            tight <= amount, other.window >= limit.window
        {
            // Two of one scope that are alike: the first holds.
            let isAlike = tight == amount && other.window == limit.window
            return !isAlike || other.scope != limit.scope || other.index < limit.index
        }
        guard let count = other.count, isOfWhole(other.scope, limit.scope) else { return false }
        let windows = (limit.window + other.window - 1) / other.window
        guard let each = largest(limit.scope) else { return false }
        return Saturating.product(Saturating.product(count, windows), each) <= amount
    }

    private func holds(_ other: Limit, _ limit: Limit, count: UInt64) -> Bool {
        guard let tight = other.count, isWider(other.scope, limit.scope, inAmount: false),
            tight <= count, other.window >= limit.window
        else { return false }
        let isAlike = tight == count && other.window == limit.window
        return !isAlike || other.scope != limit.scope || other.index < limit.index
    }

    /// Whether all that is charged to the narrow scope is charged to the wide one, and, for
    /// amounts, at least as much of it. Fees are part of what leaves; what a list gets is, unless
    /// others bring inputs.
    private func isWider(_ wide: LimitScope, _ narrow: LimitScope, inAmount: Bool) -> Bool {
        if wide == narrow { return true }
        switch (narrow, wide) {
        case (.rule, .global), (.wallet, .global), (.fees, .global), (.feesOfWallet, .global),
            (.feesOfRule, .global), (.feesOfWallet, .fees), (.feesOfRule, .fees):
            return true
        case (.rule(let rule), .wallet(let wallet)), (.feesOfRule(let rule), .wallet(let wallet)),
            (.feesOfRule(let rule), .feesOfWallet(let wallet)):
            return wallets[rule] == 1 << UInt64(wallet)
        case (.feesOfWallet(let one), .wallet(let other)): return one == other
        case (.feesOfRule(let one), .rule(let other)): return one == other
        case (.each(let one), .list(let other)): return one == other
        case (.list, .global), (.each, .global): return !inAmount || !isJoinable
        default: return false
        }
    }

    /// Whether every payment that may be charged to a scope, or date a charge to it anew, counts
    /// for the other: all payments, or all of the wallet.
    private func isOfWhole(_ wide: LimitScope, _ narrow: LimitScope) -> Bool {
        if wide == .global { return true }
        guard case .wallet(let wallet) = wide else { return false }
        switch narrow {
        case .wallet(let other), .feesOfWallet(let other): return wallet == other
        case .rule(let rule), .feesOfRule(let rule): return wallets[rule] == 1 << UInt64(wallet)
        case .global, .list, .each, .fees: return false
        }
    }

    /// The most that one payment charges to a scope.
    private func largest(_ scope: LimitScope) -> UInt64? {
        switch scope {
        case .global: return reaches.map(\.outflowMax).max() ?? 0
        case .wallet(let wallet):
            return reaches.filter { $0.wallets >> UInt64(wallet) & 1 == 1 }.map(\.outflowMax).max()
                ?? 0
        case .rule(let rule):
            return reaches.filter { $0.rule == rule }.map(\.outflowMax).max() ?? 0
        case .fees: return reaches.map(\.feeMax).max() ?? 0
        case .feesOfWallet(let wallet):
            return reaches.filter { $0.wallets >> UInt64(wallet) & 1 == 1 }.map(\.feeMax).max() ?? 0
        case .feesOfRule(let rule):
            return reaches.filter { $0.rule == rule }.map(\.feeMax).max() ?? 0
        case .list, .each:
            // Where outputs are open, the whole is charged.
            return isJoinable ? nil : reaches.map(\.outflowMax).max() ?? 0
        }
    }
}
