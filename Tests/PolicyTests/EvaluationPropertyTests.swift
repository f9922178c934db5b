import Policy
import TestSupport
import Testing

@Suite("Properties of the evaluator over random policies")
struct EvaluationPropertyTests {
    @Test("10,000 random policies and payments get the answer of a second, naive evaluator")
    func model() throws {
        var generator = Generator(dice: Dice(seed: 1))
        var tally: [String: Int] = [:]
        for _ in 0..<10_000 {
            let sample = generator.policy()
            let payment = generator.payment(sample)
            let model = NaivePolicy(sample: sample)
            let found = try answer(of: sample, to: payment)
            var expected = model.answer(to: payment)
            if let finding = expected.finding, finding.refusal == .destinationNotListed {
                let output = found.finding?.found ?? .max
                let outside = model.isOutside(
                    Int(clamping: output),
                    payment,
                    lists: finding.expected
                )
                try #require(outside, "output \(output) of \(payment)")
                expected.finding = PolicyFinding(
                    refusal: finding.refusal,
                    rule: finding.rule,
                    expected: finding.expected,
                    found: output
                )
            }
            try #require(found == expected, "\(sample) \(payment)")
            tally[found.finding.map { "\($0.refusal)" } ?? "allow", default: 0] += 1
        }
        #expect(tally.count == 8, "every outcome occurs: \(tally)")
        #expect(tally.values.allSatisfy { $0 > 100 }, "and none is rare: \(tally)")
    }

    @Test("The order of the rules changes neither verdict nor numbers nor matches")
    func order() throws {
        var generator = Generator(dice: Dice(seed: 2))
        for _ in 0..<1_500 {
            let sample = generator.policy()
            let payment = generator.payment(sample)
            var places = Array(sample.rules.indices)
            generator.dice.shuffle(&places)
            var shuffled = sample
            shuffled.rules = places.map { sample.rules[$0] }
            shuffled.limits = Generator.sorted(
                sample.limits.map { limit in
                    var moved = limit
                    if limit.scope == 2, let place = places.firstIndex(of: Int(limit.index)) {
                        moved.index = UInt16(place)
                    }
                    return moved
                }
            )
            let one = try answer(of: sample, to: payment)
            let other = try answer(of: shuffled, to: payment)
            try #require(one.allowed == other.allowed)
            try #require(one.finding?.refusal == other.finding?.refusal)
            if let refusal = one.finding?.refusal,
                ![.destinationNotListed, .deniedByRule, .sighashNotInRule].contains(refusal)
            {
                try #require(one.finding?.expected == other.finding?.expected)
                try #require(one.finding?.found == other.finding?.found)
            }
            try #require(Set(one.matches) == Set(other.matches.map { places[$0] }))
            try #require(one.commonCharges.map(\.amount) == other.commonCharges.map(\.amount))
        }
    }

    @Test("Deleting an allow rule or a destination, or adding a deny rule, never allows more")
    func monotony() throws {
        var generator = Generator(dice: Dice(seed: 3))
        var changed = 0
        for _ in 0..<1_500 {
            var sample = generator.policy()
            sample.limits = []
            let payment = generator.payment(sample)
            let before = try answer(of: sample, to: payment)
            for narrower in narrowings(of: sample) {
                let after = try answer(of: narrower, to: payment)
                try #require(before.allowed || !after.allowed, "\(sample) \(payment)")
                if before.allowed != after.allowed { changed += 1 }
            }
        }
        #expect(changed > 300, "the property is not vacuous: \(changed)")
    }

    private func narrowings(of sample: SampleBundle) -> [SampleBundle] {
        var narrower: [SampleBundle] = []
        for index in sample.rules.indices where sample.rules[index].effect != 2 {
            var fewer = sample
            fewer.rules.remove(at: index)
            narrower.append(fewer)
            guard sample.rules[index].effect == 3 else { continue }
            var stricter = sample
            stricter.rules[index].effect = 1
            narrower.append(stricter)
        }
        var denying = sample
        denying.rules.append(.init("frozen", effect: 2))
        narrower.append(denying)
        let allowing = sample.rules.allSatisfy { $0.effect != 2 }
        for index in sample.destinations.indices where allowing {
            var fewer = sample
            fewer.destinations.remove(at: index)
            narrower.append(fewer)
        }
        return narrower
    }

    @Test("Paying more, or more fee, in the same size never turns a refusal into a permission")
    func moreIsNeverEasier() throws {
        var generator = Generator(dice: Dice(seed: 4))
        for _ in 0..<1_500 {
            let sample = generator.policy()
            let payment = generator.payment(sample)
            guard try !answer(of: sample, to: payment).allowed else { continue }
            var dearer = payment
            dearer.fee += 1
            try #require(try !answer(of: sample, to: dearer).allowed)
            guard !payment.outputs.isEmpty else { continue }
            var larger = payment
            larger.outputs[0].amount += 1
            try #require(try !answer(of: sample, to: larger).allowed)
            var looser = payment
            looser.sighashes |= UInt8(1 + generator.dice.below(31))
            try #require(try !answer(of: sample, to: looser).allowed)
        }
    }
}
