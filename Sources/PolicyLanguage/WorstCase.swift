package import Policy

/// The most that a policy lets out, whatever is asked, between two refills.
///
/// Under an honest gate every transaction is charged to one allow rule and to every limit in scope.
/// A limit of window w admits at most its amount in any window, so at most ceil(T / w) times that
/// within a time T; and a transaction lets out at most what the largest rule allows. Whatever
/// holds for all rules together, for all wallets together and for the whole bounds the sum, so the
/// least of the three does; and so does the allowance, which needs no gate.
package struct WorstCase: Equatable, Sendable {
    /// The most in one transaction, in satoshi.
    package let perTransaction: UInt64
    package let perHour: UInt64
    package let perDay: UInt64
    /// The most under a stolen gate: per transaction the same, in all the allowance.
    package let allowance: UInt64

    package init(of bundle: CheckedBundle) {
        let rules = Self.rules(of: bundle)
        allowance = bundle.allowance
        perTransaction = rules.map(\.largest).max() ?? 0
        perHour = Self.most(within: 3_600, bundle, rules)
        perDay = Self.most(within: 86_400, bundle, rules)
    }

    /// In two sentences, one for each kind of gate.
    package var lines: [String] {
        let (one, hour) = (Written.amount(perTransaction), Written.amount(perHour))
        let (day, all) = (Written.amount(perDay), Written.amount(allowance))
        return [
            "Worst case, honest gate: \(one) a transaction, \(hour) an hour, \(day) a day.",
            "Worst case, stolen gate: \(one) a transaction, \(all) until a refill.",
        ]
    }

    /// The wallets of a rule and the most it lets out in one transaction; 0 for a deny rule.
    private struct Rule {
        let wallets: UInt64
        let largest: UInt64
    }

    private static func rules(of bundle: CheckedBundle) -> [Rule] {
        var rules: [Rule] = []
        let allowance = bundle.allowance
        bundle.forEachRule { _, rule in
            let largest = rule.allowsPayments ? min(rule.outflowMax, allowance) : 0
            rules.append(Rule(wallets: rule.wallets, largest: largest))
        }
        return rules
    }

    private static func most(
        within seconds: UInt64,
        _ bundle: CheckedBundle,
        _ rules: [Rule]
    ) -> UInt64 {
        var whole = bundle.allowance
        let largest = rules.map(\.largest).max() ?? 0
        let largestOfWallets = (0..<bundle.walletCount).map { wallet in
            rules.filter { $0.wallets >> UInt64(wallet) & 1 == 1 }.map(\.largest).max() ?? 0
        }
        var ofRules = rules.map { $0.largest == 0 ? 0 : whole }
        var ofWallets = largestOfWallets.map { $0 == 0 ? 0 : whole }
        bundle.forEachLimit { _, limit in
            switch limit.scope {
            case .global:
                whole = min(whole, admitted(by: limit, seconds, largest))
            case .wallet(let wallet):
                let most = admitted(by: limit, seconds, largestOfWallets[wallet])
                ofWallets[wallet] = min(ofWallets[wallet], most)
            case .rule(let rule):
                let most = admitted(by: limit, seconds, rules[rule].largest)
                ofRules[rule] = min(ofRules[rule], most)
            case .list, .each, .fees, .feesOfWallet, .feesOfRule:
                break  // They bound what some destinations get, or fees, not all that leaves.
            }
        }
        return min(whole, sum(ofRules), sum(ofWallets))
    }

    /// What one limit admits within a time, when no transaction lets out more than `largest`.
    private static func admitted(
        by limit: LimitRecord,
        _ seconds: UInt64,
        _ largest: UInt64
    ) -> UInt64 {
        let window = UInt64(limit.windowSeconds)
        let windows = (seconds + window - 1) / window
        let byAmount = limit.amountMax.map { product($0, windows) } ?? .max
        let byCount = limit.countMax.map { product(product(UInt64($0), windows), largest) } ?? .max
        return min(byAmount, byCount)
    }

    private static func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (value, over) = left.multipliedReportingOverflow(by: right)
        return over ? .max : value
    }

    private static func sum(_ values: [UInt64]) -> UInt64 {
        values.reduce(0) { total, value in
            let (sum, over) = total.addingReportingOverflow(value)
            return over ? .max : sum
        }
    }
}
