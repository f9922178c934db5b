import Bytes
import Policy

/// One evaluation under 10,000 rules and 100,000 destinations, of a payment with two outputs: from
/// looking their scripts up to the last charge.
enum PolicyBench {
    private static let ruleCount = 10_000
    private static let destinationCount = 100_000
    private static let rounds = 400

    /// Counts what it is told, so that nothing can be left out.
    private struct Counter: EvaluationSink {
        var matches = 0
        var charges = 0
        mutating func matched(rule: UInt16) { matches += 1 }
        mutating func beginCommonCharges() {}
        mutating func charge(limit: UInt16, amount: UInt64) { charges += 1 }
    }

    private static func script(_ number: Int) -> [UInt8] {
        [0, 20] + (0..<16).map { _ in UInt8(0xA5) }
            + (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    /// Rule n is about list n mod 64; `last` says what is special of the last one.
    private static func sample(_ each: (inout SampleBundle.Rule, Int) -> Void) -> [UInt8] {
        var sample = SampleBundle()
        sample.lists = (0..<64).map { "list-\(10 + $0)" }
        sample.destinations = (0..<destinationCount).map {
            .init(script: script($0), lists: 1 << UInt64($0 % 64))
        }
        sample.limits = [.init("hourly")]
        sample.rules = (0..<ruleCount).map { number in
            var rule = SampleBundle.Rule("rule-\(10_000 + number)")
            each(&rule, number)
            return rule
        }
        sample.extend(zones: [.utc, .berlin])
        return sample.bytes
    }

    /// What an allow rule of conditions has at least, and what `more` adds.
    private static func conditions(
        _ more: [SampleCondition],
        _ number: Int
    ) -> SampleBundle.Rule {
        let caps: [SampleCondition] = [.range(1, 0, 1_000_000), .range(2, 0, 50_000)]
        return .conditions("rule-\(10_000 + number)", caps + more)
    }

    static func run() throws {
        try measure("every rule matches", matches: ruleCount) { _, _ in }
        try measure("every rule matches by its lists", matches: ruleCount) { rule, _ in
            rule.destinations = 1
            rule.lists = .max
        }
        try measure("only the last rule matches", matches: 1) { rule, number in
            if number != ruleCount - 1 { rule.outflow = 1_000 }
        }
        try measure("none matches, by the lists", matches: 0) { rule, number in
            rule.destinations = 1
            rule.lists = 1 << UInt64(2 + number % 62)
        }
        try measure("all would match, the last denies", matches: 0) { rule, number in
            if number == ruleCount - 1 { rule.effect = 2 }
        }
        try runConditions()
    }

    private static func runConditions() throws {
        let day: [SampleCondition] = [.requesters([7]), .times(1, [.init(127, 0, 1_439)])]
        try measure(
            "of conditions, each with a time and a requester, all match",
            matches: ruleCount
        ) {
            $0 = conditions(day, $1)
        }
        let bounds: [SampleCondition] = [.range(5, 1, 10), .range(6, 1, 5), .scripts(0b11_1111)]
        try measure("of conditions, bounds and kinds, all match", matches: ruleCount) {
            $0 = conditions(bounds, $1)
        }
        try measure("of conditions, none matches, by the requester", matches: 0) {
            $0 = conditions([.range(5, 1, 10), .requesters([8])], $1)
        }
        try measure("of conditions, only the last matches", matches: 1) { rule, number in
            let isLast = number == ruleCount - 1
            rule = conditions([.range(5, isLast ? 0 : 9, 10)], number)
        }
        try measure("of conditions, all deny but the last, and none matches", matches: 1) {
            guard $1 < ruleCount - 1 else { return }
            $0 = .conditions("rule-\(10_000 + $1)", effect: 6, [.range(1, 50_000, .max)])
        }
    }

    private static func measure(
        _ name: String,
        matches: Int,
        _ each: (inout SampleBundle.Rule, Int) -> Void
    ) throws {
        let bytes = sample(each)
        let bundle = try CheckedBundle(checking: bytes.span)
        // One output in list 0, one in list 1, far apart among the destinations.
        let (first, second) = (script(64 * 100), script(64 * 1_500 + 1))
        var took: [Double] = []
        for _ in 0..<rounds {
            let clock = ContinuousClock()
            let start = clock.now
            var facts = Facts(wallet: 0, outflow: 20_000, fee: 1_000, virtualSize: 140)
            facts.pay(10_000, to: first.span, output: 0, under: bundle)
            facts.pay(9_000, to: second.span, output: 1, under: bundle)
            facts.count(inputs: 1, outputs: 2, ownAmount: 0, outputAmount: 19_000)
            var sequences = Sequences()
            sequences.add(0xffff_fffd)
            facts.lock(time: 0, version: 2, sequences)
            facts.replace(false)
            facts.ask(Asking(requester: 7, seconds: 1_800_000_000, under: bundle))
            var counter = Counter()
            _ = bundle.evaluate(facts, into: &counter)
            took.append((clock.now - start) / .microseconds(1))
            guard counter.matches == matches, counter.charges == (matches > 0 ? 1 : 0) else {
                fatalError("\(name): \(counter.matches) matches, \(counter.charges) charges")
            }
        }
        print("policy|\(name)|\(median(took))")
    }
}
