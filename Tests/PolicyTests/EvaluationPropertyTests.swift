import Policy
import TestSupport
import Testing

@Suite("Properties of the evaluator over random policies")
struct EvaluationPropertyTests {
    @Test(
        "10,000 random policies and payments get the answer of a second, naive evaluator",
        arguments: [false, true]
    )
    func model(hasConditions: Bool) throws {
        var generator = Generator(dice: Dice(seed: 1), hasConditions: hasConditions)
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
        #expect(tally.count == (hasConditions ? 23 : 8), "every outcome occurs: \(tally)")
        let least = hasConditions ? 10 : 100
        #expect(tally.values.allSatisfy { $0 > least }, "and none is rare: \(tally)")
        #expect(tally["allow", default: 0] > 500, "\(tally)")
    }

    @Test(
        "The order of the rules changes neither verdict nor numbers nor matches",
        arguments: [false, true]
    )
    func order(hasConditions: Bool) throws {
        var generator = Generator(dice: Dice(seed: 2), hasConditions: hasConditions)
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
                    if [2, 18].contains(limit.scope),
                        let place = places.firstIndex(of: Int(limit.index))
                    {
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

    @Test(
        "Deleting an allow rule or a destination, or adding a deny rule, never allows more",
        arguments: [false, true]
    )
    func monotony(hasConditions: Bool) throws {
        var generator = Generator(dice: Dice(seed: 3), hasConditions: hasConditions)
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
        for index in sample.rules.indices where ![2, 6].contains(sample.rules[index].effect) {
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
        let allowing = sample.rules.allSatisfy { ![2, 6].contains($0.effect) }
        for index in sample.destinations.indices where allowing {
            var fewer = sample
            fewer.destinations.remove(at: index)
            narrower.append(fewer)
        }
        return narrower
    }

    @Test("Knowing less of a payment never turns a refusal into a permission")
    func unknownIsDenied() throws {
        var generator = Generator(dice: Dice(seed: 6), hasConditions: true)
        var (refused, changed) = (0, 0)
        for _ in 0..<3_000 {
            let sample = generator.policy()
            let payment = generator.payment(sample)
            let isAllowed = try answer(of: sample, to: payment).allowed
            refused += isAllowed ? 0 : 1
            var dice = generator.dice
            for fact in 1...9 as ClosedRange<UInt8> {
                let (wider, seed) = (dice.chance(1, of: 3), dice.next())
                let after = try answer(of: sample, to: payment) {
                    widen(&$0, fact, fully: wider, seed)
                }
                try #require(isAllowed || !after.allowed, "\(sample) \(payment) \(fact)")
                if isAllowed != after.allowed { changed += 1 }
            }
            generator.dice = dice
        }
        #expect(refused > 1_000 && changed > 100, "not vacuous: \(refused), \(changed)")
    }

    /// Makes one number, the sets, or who asks less known than it was.
    private func widen(_ facts: inout Facts, _ code: UInt8, fully: Bool, _ seed: UInt64) {
        var dice = Dice(seed: seed)
        if let fact = NumericFact(rawValue: code) {
            let known = facts.range(of: fact)
            let least = known.least - min(known.least, UInt64(dice.below(20)))
            let (most, over) = known.most.addingReportingOverflow(UInt64(dice.below(20)))
            let wider = FactRange(least: least, most: over ? .max : most)
            facts.set(fact, fully ? .unknown : wider)
        } else if code == 8 {
            let (sets, bits) = (facts.sets, fully ? UInt64.max : dice.next())
            facts.set(
                scripts: sets.scripts | UInt16(bits & 0xff),
                lockTimes: sets.lockTimes | UInt8(bits >> 8 & 15),
                replaceable: sets.replaceable | UInt8(bits >> 16 & 3),
                replacement: sets.replacement | UInt8(bits >> 24 & 3)
            )
        } else {
            facts.ask(.unknown)
        }
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
