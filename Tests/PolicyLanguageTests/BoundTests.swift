import Policy
import PolicyLanguage
import TestSupport
import Testing

@Suite("No sequence of requests gets more signed than the bound says")
struct BoundTests {
    private static let seconds = UInt64(BoundAttack.seconds)

    private func bound(_ sample: SampleBundle, within seconds: UInt64 = seconds) throws -> UInt64 {
        let bytes = sample.bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        return WorstCase.most(within: seconds, of: bundle).satoshis
    }

    private func attack(_ sample: SampleBundle, tries: Int, seed: UInt64) throws -> UInt64 {
        let bytes = sample.bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        var attack = BoundAttack(sample, seed: seed)
        return attack.best(tries: tries, under: bundle)
    }

    /// The search fills what is left at the edges of every window, greedily and at random, with
    /// what was signed before, and with payments that replace others.
    @Test("A search over 60 random policies never exceeds it, and often attains it")
    func search() throws {
        var samples = BoundSamples(dice: Dice(seed: 1))
        var (attained, close, positive, lowered) = (0, 0, 0, 0)
        for number in 0..<60 {
            let sample = samples.policy()
            let most = try bound(sample)
            let found = try attack(sample, tries: 3, seed: UInt64(number))
            try #require(found <= most, "\(found) over \(most): \(sample)")
            if most == 0 { continue }
            positive += 1
            attained += found == most ? 1 : 0
            close += 10 * found >= 9 * most ? 1 : 0
            // The control: a bound of the same policy with every limit a satoshi lower is caught.
            var tighter = sample
            for place in tighter.limits.indices where tighter.limits[place].amount != .max {
                tighter.limits[place].amount -= min(1, tighter.limits[place].amount)
            }
            lowered += try found > bound(tighter) ? 1 : 0
        }
        print("bound attained in \(attained), within a tenth in \(close), of \(positive) policies")
        #expect(positive > 40 && attained * 2 > positive, "\(attained) of \(positive)")
        #expect(lowered > 10, "a bound that is too low is caught: \(lowered)")
    }

    /// One wallet, one rule about destinations `a` (two of them) alone.
    private func payroll(_ conditions: [SampleCondition] = []) -> SampleBundle {
        var sample = SampleBundle()
        sample.lists = ["a", "b"]
        sample.destinations = BoundSamples.listed.prefix(2).map { .init(script: $0, lists: 1) }
        let ranges: [SampleCondition] = [.range(1, 0, 1_000), .range(2, 0, 10)]
        sample.rules = [.conditions("payroll", ranges + conditions + [.destinations(1)])]
        return sample
    }

    private func limit(
        _ scope: UInt8,
        _ index: UInt16 = 0,
        window: UInt32 = 10,
        amount: UInt64 = .max,
        count: UInt32 = .max
    ) -> SampleBundle.Limit {
        var limit = SampleBundle.Limit("l\(scope)-\(index)", scope: scope, index: index)
        (limit.window, limit.amount, limit.count) = (window, amount, count)
        return limit
    }

    @Test("A rule that pays lists alone lets out what they may get, and the fees")
    func lists() throws {
        var sample = payroll()
        sample.limits = [limit(3, amount: 500)]
        #expect(try bound(sample) == sample.allowance, "the fees of any number of payments")
        sample.limits.append(limit(16, amount: 30))
        #expect(try bound(sample) == 530)
        #expect(try bound(sample, within: 11) == 1_060, "a begun window counts whole")
        sample.limits = [limit(4, amount: 200), limit(18, amount: 7)]
        #expect(try bound(sample) == 407, "each of two destinations")
        sample.limits[0] = limit(4, count: 3)
        #expect(try bound(sample) == 2 * 3 * 1_000 + 7)
        sample.extend(shapes: [.init(1, [], 0...9)])
        #expect(try bound(sample) == sample.allowance, "data of a shape is any number of them")
        sample = payroll()
        sample.rules.append(.init("other"))
        sample.limits = [limit(3, amount: 500), limit(16, amount: 30)]
        #expect(try bound(sample) == sample.allowance, "another rule pays anyone")
        sample.limits.insert(limit(2, 1, amount: 90), at: 0)
        sample.limits.swapAt(1, 0)
        sample.limits.sort { $0.scope < $1.scope }
        #expect(try bound(sample) == 530 + 90)
    }

    @Test("Lists that two rules pay count once")
    func shared() throws {
        var sample = payroll()
        sample.rules.append(
            .conditions("again", [.range(1, 0, 1_000), .range(2, 0, 10), .destinations(1)])
        )
        sample.limits = [limit(3, amount: 500), limit(16, amount: 30)]
        #expect(try bound(sample) == 530)
    }

    @Test("One payment: outputs, own share, empty lists and deny rules bound it")
    func payment() throws {
        func largest(_ sample: SampleBundle) throws -> UInt64 {
            let bytes = sample.bytes
            return WorstCase(of: try CheckedBundle(checking: bytes.span)).perTransaction
        }
        #expect(try largest(payroll()) == 1_000)
        #expect(try largest(payroll([.range(4, 0, 50), .range(6, 0, 3)])) == 160)
        #expect(try largest(payroll([.range(4, 0, 50)])) == 1_000)
        #expect(try largest(payroll([.range(7, 1_000_000, .max)])) == 10, "the fee is left")
        #expect(try largest(payroll([.range(4, 992, .max)])) == 1_000)
        #expect(try largest(payroll([.range(4, 1_001, .max)])) == 0, "no payment matches")
        var sample = payroll()
        sample.destinations = []
        #expect(try largest(sample) == 10, "nobody stands in the list")
        sample = payroll()
        sample.rules.append(.conditions("no", effect: 6, [.range(1, 700, .max)]))
        #expect(try largest(sample) == 699)
        sample.rules[1] = .conditions("no", effect: 6, [.range(1, 700, 900)])
        #expect(try largest(sample) == 1_000, "what is over it is not denied")
        sample.rules[1] = .conditions("no", effect: 6, [.range(1, 700, .max), .requesters([7])])
        #expect(try largest(sample) == 1_000, "who asks is what a gate says")
        sample.rules[1] = .init("no", effect: 2, lists: 1)
        #expect(try largest(sample) == 10)
        sample.rules[1] = .init("no", effect: 2)
        #expect(try largest(sample) == 0)
    }

    @Test("It says what it is by: terms that add up to it, each a limit or a rule of the policy")
    func reasons() throws {
        var sample = payroll()
        sample.limits = [limit(3, amount: 500), limit(18, window: 5, amount: 30)]
        let bytes = sample.bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        let most = WorstCase.most(within: 10, of: bundle)
        #expect(most.satoshis == 560 && most.terms.map(\.satoshis) == [60, 500])
        #expect(
            most.words
                == "560 sat, by limit l18-0 of the fees of rule payroll (2 windows, 60 sat) "
                + "and limit l3-0 of destinations a (500 sat)"
        )
        let worst = WorstCase(of: bundle)
        #expect(worst.transaction.words == "1000 sat, by rule payroll")
        #expect(worst.stolen.words == "1 BTC, by the allowance")
        #expect(WorstCase(of: bundle, approved: false) == worst, "no rule asks for approvals")
    }
}
