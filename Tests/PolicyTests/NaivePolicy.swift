import Policy
import TestSupport

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

    /// A condition that an allow rule fails: its place in the order of all conditions, and of two
    /// at one place the higher rank came nearer (nil: they are not compared).
    struct Failure {
        var order: Int
        var refusal: PolicyRefusal
        var expected: UInt64
        var found: UInt64
        var rank: UInt64?
    }

    func answer(to payment: Payment) -> Answer {
        let facts = NaiveFacts(payment, sample)
        let denying = sample.rules.indices.filter {
            [2, 6].contains(sample.rules[$0].effect) && concerns($0, payment) && denies($0, facts)
        }
        if let rule = denying.first {
            return refuse(.deniedByRule, rule, lists(of: rule), mask(facts.possibleLists))
        }
        let allowing = sample.rules.indices.filter {
            [1, 3, 5].contains(sample.rules[$0].effect) && concerns($0, payment)
        }
        let matches = allowing.filter { failures($0, facts).isEmpty }
        guard matches.isEmpty else { return allow(matches, facts) }
        return nearestFailure(among: allowing, facts)
    }

    private func concerns(_ rule: Int, _ payment: Payment) -> Bool {
        sample.rules[rule].wallets >> UInt64(payment.wallet) & 1 == 1
    }

    /// The rule as conditions, whatever its effect.
    private func conditions(of number: Int) -> [SampleCondition] {
        let rule = sample.rules[number]
        guard rule.effect < 5 else { return rule.conditions }
        var conditions: [SampleCondition] = []
        if rule.outflow != .max { conditions.append(.range(1, 0, rule.outflow)) }
        if rule.fee != .max { conditions.append(.range(2, 0, rule.fee)) }
        if rule.feerate != .max { conditions.append(.range(3, 0, rule.feerate)) }
        if rule.destinations == 1 { conditions.append(.destinations(rule.lists)) }
        if rule.effect == 3 { conditions.append(.sighashes(rule.sighashes)) }
        return conditions
    }

    private func lists(of rule: Int) -> UInt64 {
        for case .destinations(let lists) in conditions(of: rule) { return lists }
        return 0
    }

    private func denies(_ rule: Int, _ facts: NaiveFacts) -> Bool {
        conditions(of: rule).allSatisfy { facts.mayHold($0) }
    }

    private func failures(_ number: Int, _ facts: NaiveFacts) -> [Failure] {
        var failed = conditions(of: number).compactMap { facts.failure(of: $0) }
        var permitted: UInt8 = 0
        for case .sighashes(let mask) in conditions(of: number) { permitted = mask }
        let used = facts.payment.sighashes
        if !bits(UInt64(used)).isSubset(of: bits(UInt64(permitted))) {
            let (expected, found) = (UInt64(permitted), UInt64(used))
            failed.append(
                Failure(order: 0, refusal: .sighashNotInRule, expected: expected, found: found)
            )
        }
        return failed.sorted { $0.order < $1.order }
    }

    private func nearestFailure(among allowing: [Int], _ facts: NaiveFacts) -> Answer {
        let firsts = allowing.map { (rule: $0, failure: failures($0, facts)[0]) }
        guard let furthest = firsts.map(\.failure.order).max() else {
            return refuse(.noRuleForWallet, nil, 0, UInt64(facts.payment.wallet))
        }
        let tied = firsts.filter { $0.failure.order == furthest }
        let best = tied.compactMap(\.failure.rank).max()
        let nearest = tied.first { $0.failure.rank == best } ?? tied[0]
        let failure = nearest.failure
        return refuse(failure.refusal, nearest.rule, failure.expected, failure.found)
    }

    private func allow(_ matches: [Int], _ facts: NaiveFacts) -> Answer {
        var answer = Answer(matches: matches)
        let (outflow, fee) = (facts.range(1).upperBound, facts.range(2).upperBound)
        for rule in matches {
            answer.ruleCharges.append(
                charges(outflow) { $0.scope == 2 && Int($0.index) == rule }
                    + charges(fee) { $0.scope == 18 && Int($0.index) == rule }
            )
        }
        for index in sample.limits.indices {
            let limit = sample.limits[index]
            let amount: UInt64?
            switch limit.scope {
            case 0: amount = outflow
            case 1: amount = Int(limit.index) == facts.payment.wallet ? outflow : nil
            case 3, 4: amount = facts.amountPaid(toList: Int(limit.index))
            case 16: amount = fee
            case 17: amount = Int(limit.index) == facts.payment.wallet ? fee : nil
            default: amount = nil
            }
            if let amount { answer.commonCharges.append(.init(limit: index, amount: amount)) }
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

    /// Whether output `index` stands in none of a rule's lists.
    func isOutside(_ index: Int, _ payment: Payment, lists mask: UInt64) -> Bool {
        guard !payment.isOpen else { return index == payment.outputs.count }
        guard payment.outputs.indices.contains(index) else { return false }
        let lists = NaiveFacts(payment, sample).lists(of: payment.outputs[index].script).certain
        return lists.isDisjoint(with: bits(mask))
    }
}

/// The places of the bits that are set.
func bits(_ mask: UInt64) -> Set<Int> {
    Set((0..<64).filter { mask >> UInt64($0) & 1 == 1 })
}

func mask(_ bits: Set<Int>) -> UInt64 { bits.reduce(0) { $0 | 1 << UInt64($1) } }
