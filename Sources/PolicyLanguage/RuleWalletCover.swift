/// The least cover of all payments by limits of rules and of wallets.
///
/// Every payment is charged to the limits of one rule and of one wallet. Choose any set of wallets:
/// what leaves these is within their limits, and the rest is charged to a rule that is about
/// another wallet. So the limits of these wallets and of those rules bound the sum, whichever set
/// is chosen. Sets are tried from none and from all, one wallet in or out at a time, as long as
/// that makes the sum less. Rules that pay lists alone may be taken together, so that the limits
/// of a list count once.
struct RuleWalletCover {
    private struct Rule {
        let reaches: [RuleReach]
        let wallets: UInt64
        let isListed: Bool
        let bound: Bound?
    }

    private let rules: [Rule]
    private let wallets: [Int]
    private let ofWallets: [Int: Bound]
    private let ofListed: ([RuleReach]) -> Bound?

    init(
        rules: [[RuleReach]],
        ofRule: ([RuleReach]) -> Bound?,
        ofWallet: (Int) -> Bound?,
        ofListed: @escaping ([RuleReach]) -> Bound?
    ) {
        self.rules = rules.map { reaches in
            Rule(
                reaches: reaches,
                wallets: reaches.reduce(0) { $0 | $1.wallets },
                isListed: reaches.allSatisfy { $0.isListed || $0.paidMax == 0 },
                bound: ofRule(reaches)
            )
        }
        let used = self.rules.reduce(0) { $0 | $1.wallets }
        wallets = (0..<64).filter { used >> UInt64($0) & 1 == 1 }
        var bounds: [Int: Bound] = [:]
        for wallet in wallets { bounds[wallet] = ofWallet(wallet) }
        ofWallets = bounds
        self.ofListed = ofListed
    }

    func least() -> Bound? {
        var best: Bound?
        let all = wallets.reduce(0 as UInt64) { $0 | 1 << UInt64($1) }
        for together in [false, true] where !together || rules.contains(where: \.isListed) {
            for start in [0, all] {
                let chosen = descend(from: start, together)
                best = .least(best, Bound.sum(parts(chosen, together)))
            }
        }
        return best
    }

    private func descend(from start: UInt64, _ together: Bool) -> UInt64 {
        var chosen = start
        var best = cost(chosen, together)
        var isBetter = true
        while isBetter {
            isBetter = false
            for wallet in wallets {
                let other = chosen ^ 1 << UInt64(wallet)
                let cost = cost(other, together)
                guard let cost, cost < best ?? .max else { continue }
                (chosen, best, isBetter) = (other, cost, true)
            }
        }
        return chosen
    }

    /// The satoshi of a cover, or nil where one of its parts is not bounded.
    private func cost(_ chosen: UInt64, _ together: Bool) -> UInt64? {
        var sum: UInt64 = 0
        for part in parts(chosen, together) {
            guard let part else { return nil }
            sum = Saturating.sum(sum, part.satoshis)
        }
        return sum
    }

    /// A cover: the limits of these wallets, and of the rules that are about others.
    private func parts(_ chosen: UInt64, _ together: Bool) -> [Bound?] {
        var parts: [Bound?] = wallets.filter { chosen >> UInt64($0) & 1 == 1 }
            .map { ofWallets[$0] }
        var listed: [RuleReach] = []
        for rule in rules where rule.wallets & ~chosen != 0 {
            if together, rule.isListed {
                listed += rule.reaches
            } else {
                parts.append(rule.bound)
            }
        }
        if !listed.isEmpty { parts.append(ofListed(listed)) }
        return parts
    }
}
