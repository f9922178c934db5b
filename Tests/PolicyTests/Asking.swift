import Policy
import TestSupport

/// Keeps what an evaluation says.
struct Recorder: EvaluationSink {
    var answer = Answer()
    private var common = false

    mutating func matched(rule: UInt16) {
        answer.matches.append(Int(rule))
        answer.ruleCharges.append([])
    }

    mutating func beginCommonCharges() {
        common = true
    }

    mutating func charge(limit: UInt16, amount: UInt64) {
        let charge = Answer.Charge(limit: Int(limit), amount: amount)
        if common {
            answer.commonCharges.append(charge)
        } else {
            answer.ruleCharges[answer.ruleCharges.count - 1].append(charge)
        }
    }
}

/// What the evaluator under test answers.
func answer(of sample: SampleBundle, to payment: Payment) throws -> Answer {
    let bytes = sample.bytes
    let bundle = try CheckedBundle(checking: bytes.span)
    var facts = Facts(
        wallet: payment.wallet,
        outflow: payment.outflow,
        fee: payment.fee,
        virtualSize: payment.virtualSize,
        sighashes: payment.sighashes
    )
    if payment.isOpen { facts.payAnywhere(output: UInt32(payment.outputs.count), under: bundle) }
    for (index, output) in payment.outputs.enumerated() where !payment.isOpen {
        facts.pay(output.amount, to: output.script.span, output: UInt32(index), under: bundle)
    }
    var recorder = Recorder()
    switch bundle.evaluate(facts, into: &recorder) {
    case .allow:
        return recorder.answer
    case .refuse(let finding):
        precondition(recorder.answer == Answer(), "a refusal charges nothing")
        return Answer(finding: finding)
    }
}

/// Random policies and payments, small and close to their caps, so that every outcome is common.
struct Generator {
    var dice: Dice

    static let scripts = (0..<8).map { [UInt8](repeating: UInt8($0), count: 22 + $0 % 3) }

    mutating func policy() -> SampleBundle {
        var sample = SampleBundle()
        sample.wallets = Array(sample.wallets.prefix(1 + dice.below(2)))
        sample.lists = Array(["a", "b", "c", "d"].prefix(dice.below(5)))
        if !sample.lists.isEmpty {
            for script in Self.scripts where dice.chance(3, of: 4) {
                sample.destinations.append(.init(script: script, lists: lists(sample)))
            }
        }
        sample.destinations.sort {
            $0.script.count == $1.script.count
                ? $0.script.lexicographicallyPrecedes($1.script)
                : $0.script.count < $1.script.count
        }
        let count = dice.below(7)
        sample.rules = []
        for index in 0..<count { sample.rules.append(rule(index, sample)) }
        sample.limits = limits(sample)
        return sample
    }

    private mutating func lists(_ sample: SampleBundle) -> UInt64 {
        UInt64(1 + dice.below((1 << sample.lists.count) - 1))
    }

    private mutating func rule(_ index: Int, _ sample: SampleBundle) -> SampleBundle.Rule {
        let listed = !sample.lists.isEmpty && dice.chance(1, of: 2)
        let deny = dice.chance(1, of: 6)
        var rule = SampleBundle.Rule(
            "rule-\(index)",
            effect: deny ? 2 : 1,
            lists: listed ? lists(sample) : 0
        )
        rule.wallets = UInt64(1 + dice.below((1 << sample.wallets.count) - 1))
        guard !deny else { return rule }
        if dice.chance(2, of: 3) { rule.outflow = UInt64(dice.below(40)) }
        if dice.chance(1, of: 2) { rule.fee = UInt64(dice.below(10)) }
        if dice.chance(1, of: 3) { rule.feerate = UInt64(dice.below(100)) }
        if dice.chance(1, of: 3) {
            rule.effect = 3
            rule.sighashes = UInt8(1 + dice.below(31))
        }
        return rule
    }

    private mutating func limits(_ sample: SampleBundle) -> [SampleBundle.Limit] {
        let allowing = sample.rules.indices.filter { sample.rules[$0].effect != 2 }
        var limits: [SampleBundle.Limit] = []
        for number in 0..<dice.below(7) {
            let name = "limit-\(number)"
            switch dice.below(4) {
            case 1:
                let wallet = UInt16(dice.below(sample.wallets.count))
                limits.append(.init(name, scope: 1, index: wallet))
            case 2 where !allowing.isEmpty:
                limits.append(.init(name, scope: 2, index: UInt16(dice.pick(allowing))))
            case 3 where !sample.lists.isEmpty:
                let list = UInt16(dice.below(sample.lists.count))
                limits.append(.init(name, scope: 3, index: list))
            default:
                limits.append(.init(name))
            }
        }
        return Self.sorted(limits)
    }

    static func sorted(_ limits: [SampleBundle.Limit]) -> [SampleBundle.Limit] {
        limits.sorted { ($0.scope, $0.index, $0.name) < ($1.scope, $1.index, $1.name) }
    }

    mutating func payment(_ sample: SampleBundle) -> Payment {
        var payment = Payment()
        payment.wallet = dice.below(sample.wallets.count)
        payment.fee = UInt64(dice.below(10))
        payment.virtualSize = UInt32(100 + dice.below(100))
        // Mostly one type, as requests have it.
        if dice.chance(1, of: 3) { payment.sighashes = 1 << UInt8(dice.below(5)) }
        if dice.chance(1, of: 12) { payment.sighashes |= 1 << UInt8(dice.below(5)) }
        for _ in 0..<dice.below(4) {
            payment.outputs.append((dice.pick(Self.scripts), UInt64(dice.below(15))))
        }
        return payment
    }
}
