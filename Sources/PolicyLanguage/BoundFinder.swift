import Policy

/// Finds the most that can leave within a time, by limits that every payment is charged to.
///
/// *Windows.* A limit admits a payment only if the charges dated less than its window ago, with the
/// new one, are within its cap. So of what is signed within a span of one window, ending before a
/// window has passed since its beginning, the last that is charged to the limit was admitted with
/// all the others counted: their sum is within the cap. A time T is covered by ceil(T / window)
/// such spans. Payments that exclude one another form a group that is charged the largest of them;
/// of these one at most confirms, so the bound is of what can confirm of all that is signed.
///
/// *Counts.* At most so many payments as a count limit admits, each at most as large as the largest
/// that is charged to it.
///
/// *Covers.* A payment is charged to one rule that it matches, to its wallet, to the lists it pays
/// and to the whole. Any set of terms, one of which every payment is charged to, bounds the sum.
/// Several are tried and the least is taken: all are bounds, so that needs no proof.
struct BoundFinder {
    let reaches: [RuleReach]
    private let names: PolicyNaming
    /// By what they are of.
    private let limits: [LimitKey: [Limit]]
    private let contents: ListContents
    private let allowance: UInt64

    /// One limit, read out of the bundle.
    private struct Limit {
        let name: String
        let window: UInt64
        let amountMax: UInt64?
        let countMax: UInt64?
    }

    private struct LimitKey: Hashable {
        let code: UInt8
        let index: UInt16

        init(_ scope: LimitScope) { (code, index) = (scope.code, scope.index) }
    }

    /// `approved`: whether what needs the approval of people is counted too.
    init(_ bundle: CheckedBundle, approved: Bool) {
        let contents = ListContents(bundle)
        let allowance = bundle.allowance
        reaches = RuleReach.all(of: bundle, contents, allowance: allowance)
            .filter { approved || !$0.needsApprovals }
        var limits: [LimitKey: [Limit]] = [:]
        let names = PolicyNaming(bundle)
        bundle.forEachLimit { index, limit in
            limits[LimitKey(limit.scope), default: []].append(
                Limit(
                    name: names.limits[index],
                    window: UInt64(limit.windowSeconds),
                    amountMax: limit.amountMax,
                    countMax: limit.countMax.map { UInt64($0) }
                )
            )
        }
        (self.limits, self.contents) = (limits, contents)
        self.allowance = allowance
        self.names = names
    }

    /// The most in one payment.
    func transaction() -> Bound {
        guard let largest = reaches.max(by: { $0.outflowMax < $1.outflowMax }) else { return .none }
        let isAllowance = largest.outflowMax == allowance
        let what = isAllowance ? "the allowance" : "rule \(names.rules[largest.rule])"
        return Bound(Bound.Term(what, "", largest.outflowMax))
    }

    /// All there is until a refill.
    func whole() -> Bound {
        reaches.isEmpty ? .none : Bound(Bound.Term("the allowance", "", allowance))
    }

    /// The most within a time.
    func most(within seconds: UInt64) -> Bound {
        guard !reaches.isEmpty else { return .none }
        let largest = reaches.map(\.outflowMax).max() ?? 0
        var byRule: [Int: [RuleReach]] = [:]
        for reach in reaches { byRule[reach.rule, default: []].append(reach) }
        let cover = RuleWalletCover(
            rules: byRule.keys.sorted().map { byRule[$0] ?? [] },
            ofRule: { ofRule($0, seconds) },
            ofWallet: { ofWallet($0, seconds) },
            ofListed: { ofListed($0, seconds) }
        )
        let ofAll = of([.global], seconds, each: largest)
        return .least(ofAll, cover.least(), whole()) ?? whole()
    }

    // MARK: Terms

    /// The least that the limits of some scopes let through each, when no payment takes more than
    /// `each` of it.
    private func of(
        _ scopes: [LimitScope],
        _ seconds: UInt64,
        each: UInt64,
        times: Int = 1
    ) -> Bound? {
        var least: Bound?
        for scope in scopes {
            for limit in limits[LimitKey(scope), default: []] {
                let windows = (seconds + limit.window - 1) / limit.window
                let what = names.limit(limit.name, scope)
                var how = times == 1 ? [] : ["\(times) destinations"]
                if windows > 1 { how.append("\(windows) windows") }
                let number = Saturating.product(windows, UInt64(times))
                if let amount = limit.amountMax {
                    let sum = Saturating.product(amount, number)
                    let term = Bound.Term(what, how.joined(separator: ", "), sum)
                    least = .least(least, Bound(term))
                }
                if let count = limit.countMax {
                    how.insert("\(count) payments of at most \(Written.amount(each))", at: 0)
                    let sum = Saturating.product(Saturating.product(count, number), each)
                    let term = Bound.Term(what, how.joined(separator: ", "), sum)
                    least = .least(least, Bound(term))
                }
            }
        }
        return least
    }

    /// What leaves a wallet is charged to its limits.
    private func ofWallet(_ wallet: Int, _ seconds: UInt64) -> Bound? {
        let some = reaches.filter { $0.wallets >> UInt64(wallet) & 1 == 1 }
        return of([.wallet(wallet)], seconds, each: some.map(\.outflowMax).max() ?? 0)
    }

    /// What is charged to a rule: to its own limits, or, as fee and what others get, to limits of
    /// fees and to those of every list that it may pay.
    private func ofRule(_ reaches: [RuleReach], _ seconds: UInt64) -> Bound? {
        guard let rule = reaches.first?.rule else { return nil }
        let each = reaches.map(\.outflowMax).max() ?? 0
        return .least(of([.rule(rule)], seconds, each: each), ofListed(reaches, seconds))
    }

    /// What rules let out that pay nobody, or nobody but those in lists with limits: outflow <= fee
    /// + paid, and every satoshi that is paid is charged to one of the lists.
    private func ofListed(_ some: [RuleReach], _ seconds: UInt64) -> Bound? {
        guard some.allSatisfy({ $0.isListed || $0.paidMax == 0 }),
            var sum = fees(of: some, seconds)
        else { return nil }
        for list in contents.counts.indices where some.contains(where: { $0.mayPay(list) }) {
            guard let paid = paid(to: list, seconds) else { return nil }
            sum.add(paid)
        }
        return sum
    }

    /// What a list may get: by its limits, or by those of each of its destinations.
    private func paid(to list: Int, _ seconds: UInt64) -> Bound? {
        let each = reaches.filter { $0.mayPay(list) }.map(\.paidMax).max() ?? 0
        let together = of([.list(list)], seconds, each: each)
        guard let count = contents.counts[list] else { return together }
        return .least(together, of([.each(list)], seconds, each: each, times: count))
    }

    /// The fees that rules let out: by limits of all, of their wallets, or of themselves; those of
    /// fees, or those of all that leaves, for a fee is part of that.
    private func fees(of some: [RuleReach], _ seconds: UInt64) -> Bound? {
        let largest = some.map(\.feeMax).max() ?? 0
        guard largest > 0 else { return Bound.none }
        let wallets = some.reduce(0) { $0 | $1.wallets }
        let all = of([.fees, .global], seconds, each: largest)
        let ofWallets = Bound.sum(
            names.wallets.indices.filter { wallets >> UInt64($0) & 1 == 1 }
                .map { of([.feesOfWallet($0), .wallet($0)], seconds, each: largest) }
        )
        var feeOfRule: [Int: UInt64] = [:]
        for reach in some {
            feeOfRule[reach.rule] = max(feeOfRule[reach.rule] ?? 0, reach.feeMax)
        }
        let ofRules = Bound.sum(
            feeOfRule.sorted { $0.key < $1.key }.filter { $0.value > 0 }
                .map { of([.feesOfRule($0.key), .rule($0.key)], seconds, each: $0.value) }
        )
        return .least(all, ofWallets, ofRules)
    }
}
