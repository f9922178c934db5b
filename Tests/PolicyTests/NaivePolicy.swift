import Policy
import TestSupport

/// What a request asks, in the plainest form.
struct Payment: Sendable {
    var wallet = 0
    var outputs: [(script: [UInt8], amount: UInt64)] = []
    var fee: UInt64 = 0
    var virtualSize: UInt32 = 141
    /// The sighash types beside ALL and DEFAULT, and whether others may add outputs.
    var sighashes: UInt8 = 0
    var isOpen: Bool { sighashes & (1 | 2 | 8 | 16) != 0 }

    /// What leaves: everything paid and the fee.
    var outflow: UInt64 { outputs.reduce(fee) { $0 + $1.amount } }
}

/// What an evaluator answered.
struct Answer: Equatable, CustomStringConvertible {
    var finding: PolicyFinding?
    var matches: [Int] = []
    /// Charges of each matching rule, in the order of the matches: limit and amount.
    var ruleCharges: [[Charge]] = []
    var commonCharges: [Charge] = []

    struct Charge: Equatable {
        var limit: Int
        var amount: UInt64
    }

    var allowed: Bool { finding == nil }

    var description: String {
        "\(finding.map { "\($0)" } ?? "allow") \(matches) \(ruleCharges) \(commonCharges)"
    }
}

/// The second evaluator: loops and sets over the hand-made sample, no bytes, no bits but the
/// sample's own, no early exit.
struct NaivePolicy {
    let sample: SampleBundle

    func answer(to payment: Payment) -> Answer {
        let denying = sample.rules.indices.filter {
            sample.rules[$0].effect == 2 && concerns($0, payment) && touches($0, payment)
        }
        if let rule = denying.first {
            return refuse(.deniedByRule, rule, sample.rules[rule].lists, paidLists(payment))
        }
        let allowing = sample.rules.indices.filter {
            sample.rules[$0].effect != 2 && concerns($0, payment)
        }
        let matches = allowing.filter { failures($0, payment).isEmpty }
        guard matches.isEmpty else { return allow(matches, payment) }
        return nearestFailure(among: allowing, payment)
    }

    private func concerns(_ rule: Int, _ payment: Payment) -> Bool {
        sample.rules[rule].wallets >> UInt64(payment.wallet) & 1 == 1
    }

    private func lists(of script: [UInt8]) -> Set<Int> {
        let known = sample.destinations.first { $0.script == script }
        return Set((0..<64).filter { (known?.lists ?? 0) >> UInt64($0) & 1 == 1 })
    }

    private func lists(of rule: Int) -> Set<Int> {
        Set((0..<64).filter { sample.rules[rule].lists >> UInt64($0) & 1 == 1 })
    }

    private func touches(_ rule: Int, _ payment: Payment) -> Bool {
        sample.rules[rule].destinations == 0 || payment.isOpen
            || payment.outputs.contains { !lists(of: $0.script).isDisjoint(with: lists(of: rule)) }
    }

    private func paidLists(_ payment: Payment) -> UInt64 {
        guard !payment.isOpen else { return (1 << UInt64(sample.lists.count)) - 1 }
        return payment.outputs.reduce(0) { mask, output in
            lists(of: output.script).reduce(mask) { $0 | 1 << UInt64($1) }
        }
    }

    /// Every condition that fails, as its place in the order of conditions.
    private func failures(_ number: Int, _ payment: Payment) -> [Int] {
        let rule = sample.rules[number]
        var failed: [Int] = []
        if payment.sighashes & ~types(number) != 0 { failed.append(-1) }
        if payment.outflow > rule.outflow { failed.append(0) }
        if payment.fee > rule.fee { failed.append(1) }
        let size = UInt128(payment.virtualSize)
        if rule.feerate != .max, UInt128(payment.fee) * 1_000 > UInt128(rule.feerate) * size {
            failed.append(2)
        }
        let listed = lists(of: number)
        let outside = payment.outputs.contains { lists(of: $0.script).isDisjoint(with: listed) }
        if rule.destinations == 1, outside || payment.isOpen { failed.append(3) }
        return failed
    }

    private func types(_ rule: Int) -> UInt8 {
        sample.rules[rule].effect == 3 ? sample.rules[rule].sighashes : 0
    }

    private func nearestFailure(among allowing: [Int], _ payment: Payment) -> Answer {
        func first(_ rule: Int) -> Int { failures(rule, payment)[0] }
        guard let furthest = allowing.map(first).max() else {
            return refuse(.noRuleForWallet, nil, 0, UInt64(payment.wallet))
        }
        let tied = allowing.filter { first($0) == furthest }
        func highest(_ cap: (SampleBundle.Rule) -> UInt64) -> (Int, UInt64) {
            let best = tied.map { cap(sample.rules[$0]) }.max() ?? 0
            return (tied.first { cap(sample.rules[$0]) == best } ?? 0, best)
        }
        switch furthest {
        case -1:
            let (expected, found) = (UInt64(types(tied[0])), UInt64(payment.sighashes))
            return refuse(.sighashNotInRule, tied[0], expected, found)
        case 0:
            let (rule, cap) = highest(\.outflow)
            return refuse(.outflowOverMaximum, rule, cap, payment.outflow)
        case 1:
            let (rule, cap) = highest(\.fee)
            return refuse(.feeOverMaximum, rule, cap, payment.fee)
        case 2:
            let (rule, cap) = highest(\.feerate)
            let rate = (Double(payment.fee) * 1_000 / Double(payment.virtualSize)).rounded(.up)
            return refuse(.feerateOverMaximum, rule, cap, UInt64(rate))
        default:
            // Any output outside will do; which one is the evaluator's choice.
            return refuse(.destinationNotListed, tied[0], sample.rules[tied[0]].lists, .max)
        }
    }

    /// Whether output `index` stands in none of a rule's lists.
    func isOutside(_ index: Int, _ payment: Payment, lists mask: UInt64) -> Bool {
        guard !payment.isOpen else { return index == payment.outputs.count }
        return payment.outputs.indices.contains(index)
            && lists(of: payment.outputs[index].script).allSatisfy { mask >> UInt64($0) & 1 == 0 }
    }

    private func allow(_ matches: [Int], _ payment: Payment) -> Answer {
        var answer = Answer(matches: matches)
        for rule in matches {
            answer.ruleCharges.append(
                charges(payment.outflow) { $0.scope == 2 && Int($0.index) == rule }
            )
        }
        for index in sample.limits.indices {
            let limit = sample.limits[index]
            switch limit.scope {
            case 0:
                answer.commonCharges.append(.init(limit: index, amount: payment.outflow))
            case 1 where Int(limit.index) == payment.wallet:
                answer.commonCharges.append(.init(limit: index, amount: payment.outflow))
            case 3 where payment.isOpen:
                answer.commonCharges.append(.init(limit: index, amount: payment.outflow))
            case 3:
                let paid = payment.outputs.filter {
                    lists(of: $0.script).contains(Int(limit.index))
                }
                guard !paid.isEmpty else { continue }
                let sum = paid.reduce(0) { $0 + $1.amount }
                answer.commonCharges.append(.init(limit: index, amount: sum))
            default: continue
            }
        }
        return answer
    }

    private func charges(
        _ amount: UInt64,
        _ isInScope: (SampleBundle.Limit) -> Bool
    ) -> [Answer.Charge] {
        sample.limits.indices.filter { isInScope(sample.limits[$0]) }
            .map { .init(limit: $0, amount: amount) }
    }

    private func refuse(
        _ refusal: PolicyRefusal,
        _ rule: Int?,
        _ expected: UInt64,
        _ found: UInt64
    ) -> Answer {
        let place = rule.map { UInt32($0) } ?? PolicyFinding.noRule
        return Answer(
            finding: .init(refusal: refusal, rule: place, expected: expected, found: found)
        )
    }
}
