import Policy
import PolicyLanguage
import TestSupport
import Testing

@Suite("What a check finds does nothing: it can be taken away, and nothing changes")
struct FlawTests {
    private func flaws(_ sample: SampleBundle) throws -> [PolicyFlaw] {
        let bytes = sample.bytes
        return FlawFinder.flaws(of: try CheckedBundle(checking: bytes.span))
    }

    private func rules(
        _ flaws: [PolicyFlaw],
        _ kind: PolicyFlaw.Kind,
        _ sample: SampleBundle
    )
        -> Set<Int>
    {
        let names = Set(flaws.filter { $0.kind == kind }.map(\.name))
        return Set(sample.rules.indices.filter { names.contains(sample.rules[$0].name) })
    }

    /// Every verdict of some policies on one request, by the real evaluator.
    private func matches(_ asked: [Asked], _ sample: SampleBundle) throws -> [[Int]] {
        let bytes = sample.bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        return asked.map { Judged($0, sample, bundle).candidates.map(\.rule) }
    }

    @Test(
        "In 100,000 requests no dead rule matches, and without shadowed ones all is as it was"
    )
    func rules() throws {
        var samples = FlawSamples(dice: Dice(seed: 1))
        var (found, requests, allowed, live, changed) = ([PolicyFlaw.Kind: Int](), 0, 0, 0, 0)
        for _ in 0..<200 {
            let sample = samples.policy()
            let flaws = try flaws(sample)
            for flaw in flaws { found[flaw.kind, default: 0] += 1 }
            let shapes = BoundAttack.shapes(sample)
            let asked = (0..<500).map { _ in samples.asked(sample, shapes) }
            let before = try matches(asked, sample)
            requests += asked.count
            allowed += before.count { !$0.isEmpty }
            let dead =
                rules(flaws, .deadRule, sample).union(rules(flaws, .deniedRule, sample))
            try #require(before.allSatisfy { dead.isDisjoint(with: $0) }, "\(sample)")
            live += Set(before.joined()).count
            let gone = dead.union(rules(flaws, .shadowedRule, sample))
            let after = try matches(asked, sample.without(rules: gone))
            try #require(before.map(\.isEmpty) == after.map(\.isEmpty), "\(sample) \(flaws)")
            // The control: other rules that are taken away do change verdicts.
            guard let other = sample.rules.indices.first(where: { !gone.contains($0) }) else {
                continue
            }
            let fewer = try matches(asked, sample.without(rules: gone.union([other])))
            changed += before.map(\.isEmpty) == fewer.map(\.isEmpty) ? 0 : 1
        }
        print("flaws in 200 policies: \(found), \(allowed) of \(requests) requests allowed")
        #expect(requests == 100_000 && allowed > 10_000 && live > 200 && changed > 50)
        for kind in [PolicyFlaw.Kind.deadRule, .deniedRule, .shadowedRule] {
            #expect(found[kind, default: 0] > 10, "\(kind): \(found)")
        }
    }

    @Test(
        "Sequences of requests go the same way without idle limits, and rules without room stay so"
    )
    func limits() throws {
        var samples = FlawSamples(dice: Dice(seed: 2))
        var (idle, roomless, signed, control) = (0, 0, 0, 0)
        for _ in 0..<500 {
            let sample = samples.policy()
            let flaws = try flaws(sample)
            let names = Set(flaws.filter { $0.kind == .idleLimit }.map(\.name))
            let gone = Set(sample.limits.indices.filter { names.contains(sample.limits[$0].name) })
            let closed = rules(flaws, .ruleWithoutRoom, sample)
            (idle, roomless) = (idle + gone.count, roomless + closed.count)
            let bytes = sample.bytes
            let bundle = try CheckedBundle(checking: bytes.span)
            let shapes = BoundAttack.shapes(sample)
            var gate = NaiveGate(sample)
            var time = 0
            for _ in 0..<40 {
                time += samples.dice.below(2)
                let asked = samples.asked(sample, shapes)
                let judged = Judged(asked, sample, bundle)
                let joins = gate.groupCount > 0 && samples.dice.chance(1, of: 3)
                // A group is of one wallet, for it spends one coin.
                let ofWallet = gate.signed.filter { $0.wallet == asked.wallet }.map(\.group)
                let group = joins && !ofWallet.isEmpty ? samples.dice.pick(ofWallet) : nil
                for candidate in judged.candidates {
                    func admits(without: Set<Int>) -> Bool {
                        gate.admits(
                            candidate.charges.filter { !without.contains($0.key.limit) },
                            outflow: asked.outflow,
                            group: group ?? gate.groupCount,
                            at: time
                        )
                    }
                    let isAdmitted = admits(without: [])
                    try #require(isAdmitted == admits(without: gone), "\(sample) \(flaws)")
                    try #require(!isAdmitted || !closed.contains(candidate.rule), "\(sample)")
                    let others = Set(sample.limits.indices).subtracting(gone)
                    if !isAdmitted, admits(without: others) { control += 1 }
                }
                signed += gate.sign(asked, judged, group: group, at: time) ? 1 : 0
            }
        }
        print("idle limits: \(idle), rules without room: \(roomless), signed: \(signed)")
        #expect(idle > 40 && roomless > 2 && signed > 300)
        #expect(control > 50, "limits that are not idle refuse: \(control)")
    }

    @Test("Each finding names what it is about, and where it stands")
    func words() throws {
        let source =
            smallPolicy + """

                [wallets.idle]
                descriptor = "tr(self/86h/1h/0h/<0;1>/*)"
                [limits.slow]
                scope = "global"
                window = "30m"
                amount = "0.3 BTC"
                [[rules]]
                name = "small"
                effect = "allow"
                wallets = ["segwit"]
                destinations = "any"
                max_outflow = "0.05 BTC"
                max_fee = "0.01 BTC"
                [[rules]]
                name = "never"
                effect = "allow"
                wallets = ["segwit"]
                destinations = "any"
                max_outflow = "0.1 BTC"
                min_output = "0.1 BTC"
                min_fee = "1 sat"
                max_fee = "0.01 BTC"
                [[rules]]
                name = "large"
                effect = "allow"
                wallets = ["segwit"]
                destinations = "any"
                max_outflow = "none"
                min_outflow = "0.3 BTC"
                max_fee = "0.01 BTC"
                """
        let bytes = try PolicyCompiler.compile(source: source)
        let flaws = FlawFinder.flaws(of: try CheckedBundle(checking: bytes.span))
        #expect(
            flaws.map(\.words) == [
                "line 33, rule never: no payment can match it: at least 0.10000001 BTC would have "
                    + "to leave, and at most 0.1 BTC can.",
                "line 26, rule small: rule everyday says all that it says, so it changes nothing.",
                "line 42, rule large: what it allows takes 0.3 BTC at least: never within limit "
                    + "hourly of all payments.",
                "line 22, limit slow: it is never reached, for limit hourly of all payments is "
                    + "reached before.",
                "line 6, destinations payroll: no rule and no limit is about it.",
                "line 20, wallet idle: nothing is signed from it: no rule allows any.",
            ]
        )
    }

    @Test("A rule that deny rules leave nothing of is found, and what only seems to be is not")
    func denied() throws {
        var sample = SampleBundle()
        sample.lists = ["a"]
        sample.rules = [.init("pay", lists: 1), .init("no", effect: 2, lists: 1)]
        sample.rules[0].fee = 0
        sample.destinations = [.init(script: BoundSamples.listed[0], lists: 1)]
        sample.wallets.removeLast()
        #expect(try flaws(sample) == [], "what pays nobody is allowed still")
        let demanding: [SampleCondition] = [
            .range(1, 0, .max), .range(2, 0, .max), .range(4, 1, .max), .destinations(1),
        ]
        sample.rules[0] = .conditions("pay", demanding)
        #expect(try flaws(sample).map(\.kind).contains(.deniedRule))
        sample.rules = [
            .conditions("pay", [.range(1, 5, 90), .range(2, 0, 9)]),
            .conditions("no", effect: 6, [.range(1, 5, 90)]),
        ]
        sample.lists = []
        sample.destinations = []
        #expect(try flaws(sample).map(\.words) == ["rule pay: rule no denies all that it allows."])
        sample.rules[1] = .conditions("no", effect: 6, [.range(1, 6, 90)])
        #expect(try flaws(sample) == [])
    }
}
