import Policy
import TestSupport
import Testing

@Suite("Conditions are held against what may be")
struct ConditionTests {
    private static let script = [UInt8](repeating: 2, count: 22)

    /// One rule of these conditions, without limits.
    private static func one(_ conditions: [SampleCondition], isDeny: Bool = false) -> SampleBundle {
        var sample = conditionSample()
        sample.limits = []
        let caps: [SampleCondition] = isDeny ? [] : [.range(1, 0, .max), .range(2, 0, .max)]
        let orders = conditions.map(\.order)
        let all = (caps.filter { !orders.contains($0.order) } + conditions)
            .sorted { $0.order < $1.order }
        sample.rules = [.conditions("only", effect: isDeny ? 6 : 5, all)]
        if isDeny { sample.rules.append(.init("any")) }
        return sample
    }

    private static let names: [(under: PolicyRefusal, over: PolicyRefusal)] = [
        (.outflowUnderMinimum, .outflowOverMaximum), (.feeUnderMinimum, .feeOverMaximum),
        (.feerateUnderMinimum, .feerateOverMaximum), (.outputUnderMinimum, .outputOverMaximum),
        (.inputCount, .inputCount), (.outputCount, .outputCount), (.ownShare, .ownShare),
    ]

    private func finding(
        _ sample: SampleBundle,
        _ change: (inout Facts) -> Void
    ) throws -> PolicyFinding? {
        try answer(of: sample, to: Payment(outputs: [(Self.script, 5)]), change).finding
    }

    @Test("A range holds from its least to its most, and one beyond either is refused by name")
    func ranges() throws {
        for code in 1...7 as ClosedRange<UInt8> {
            let fact = try #require(NumericFact(rawValue: code))
            let sample = Self.one([.range(code, 10, 20)])
            for (number, refusal) in [
                (9, Self.names[Int(code) - 1].under), (10, nil), (20, nil),
                (21, Self.names[Int(code) - 1].over),
            ] as [(UInt64, PolicyRefusal?)] {
                let found = try finding(sample) { $0.set(fact, FactRange(number)) }
                let bound: UInt64 = number < 10 ? 10 : 20
                #expect(
                    found
                        == refusal.map {
                            .init(refusal: $0, rule: 0, expected: bound, found: number)
                        }
                )
            }
            for (least, most, isAllowed) in [
                (10, 20, true), (9, 20, false), (10, 21, false), (9, 21, false), (0, 9, false),
            ] as [(UInt64, UInt64, Bool)] {
                let found = try finding(sample) {
                    $0.set(fact, FactRange(least: least, most: most))
                }
                #expect((found == nil) == isAllowed, "\(code) \(least) \(most)")
            }
        }
    }

    @Test("A range of a deny rule matches as soon as any of what may be lies in it")
    func deniedRanges() throws {
        for code in 1...7 as ClosedRange<UInt8> {
            let fact = try #require(NumericFact(rawValue: code))
            let sample = Self.one([.range(code, 10, 20)], isDeny: true)
            for (least, most, isDenied) in [
                (9, 9, false), (10, 10, true), (20, 20, true), (21, 21, false), (0, 9, false),
                (0, 10, true), (20, 99, true), (21, 99, false), (0, 99, true), (0, .max, true),
            ] as [(UInt64, UInt64, Bool)] {
                let found = try finding(sample) {
                    $0.set(fact, FactRange(least: least, most: most))
                }
                #expect((found?.refusal == .deniedByRule) == isDenied, "\(code) \(least) \(most)")
            }
        }
    }

    @Test("A set is permitted whole by an allow rule, and touched at all by a deny rule")
    func sets() throws {
        let kinds: [(SampleCondition, PolicyRefusal)] = [
            (.scripts(2), .scriptKind), (.lockTime(2), .lockTimeKind),
            (.replaceable(2), .replaceability), (.replacement(2), .replacementKind),
        ]
        for (condition, refusal) in kinds {
            for found in 0...3 as ClosedRange<UInt8> {
                func set(_ facts: inout Facts) {
                    facts.set(
                        scripts: UInt16(found),
                        lockTimes: found,
                        replaceable: found,
                        replacement: found
                    )
                }
                let expected = PolicyFinding(
                    refusal: refusal,
                    rule: 0,
                    expected: 2,
                    found: UInt64(found)
                )
                let allowed = found & ~2 == 0
                #expect(try finding(Self.one([condition]), set) == (allowed ? nil : expected))
                let denied = try finding(Self.one([condition], isDeny: true), set)
                #expect((denied?.refusal == .deniedByRule) == (found & 2 != 0))
            }
        }
    }

    @Test("Requesters and times: known, another, and unknown, which is denied both ways")
    func asking() throws {
        // 2026-11-23 is a Monday; 08:00 UTC is 09:00 in Berlin.
        let nine: UInt64 = 1_795_420_800
        let conditions: [(SampleCondition, PolicyRefusal, UInt64)] = [
            (.requesters([7, 9]), .requester, 2),
            (.times(1, [.init(1, 540, 1_020)]), .outsideTime, 1),
        ]
        let cases: [(UInt32?, UInt64?, [Bool?])] = [
            (7, nine, [true, true]), (8, nine - 1, [false, false]),
            (9, nine + 480 * 60 + 59, [true, true]), (0, nine + 481 * 60, [false, false]),
            (nil, nil, [nil, nil]),
        ]
        for (place, (condition, refusal, expected)) in conditions.enumerated() {
            for (requester, seconds, holds) in cases {
                var payment = Payment(outputs: [(Self.script, 5)])
                (payment.requester, payment.seconds) = (requester, seconds)
                let found = place == 0 ? requester.map { UInt64($0) } : seconds
                let finding = PolicyFinding(
                    refusal: refusal,
                    rule: 0,
                    expected: expected,
                    found: found ?? .max
                )
                let allowed = try answer(of: Self.one([condition]), to: payment)
                #expect(allowed.finding == (holds[place] == true ? nil : finding))
                let denied = try answer(of: Self.one([condition], isDeny: true), to: payment)
                #expect(denied.allowed == (holds[place] == false))
            }
        }
    }

    @Test("A deny rule about who and when alone denies messages, and no other does")
    func messages() throws {
        let text = Array("hello".utf8)
        let cases: [([SampleCondition], UInt32?, Bool)] = [
            ([], nil, true), ([.requesters([7])], 7, true), ([.requesters([7])], 8, false),
            ([.requesters([7])], nil, true), ([.range(1, 0, 5)], 7, false),
            ([.scripts(1), .requesters([7])], 7, false),
            ([.requesters([7]), .times(0, [.init(127, 0, 1_439)])], 7, true),
        ]
        for (conditions, requester, isDenied) in cases {
            var sample = Self.one(conditions, isDeny: true)
            sample.rules.append(.messages("login", "hello"))
            let bytes = sample.bytes
            let bundle = try CheckedBundle(checking: bytes.span)
            let message = MessageFacts(
                wallet: 0,
                format: .bip322,
                branch: 0,
                index: 0,
                coins: CoinAddresses(),
                text: text.span,
                asking: Asking(requester: requester, seconds: 5, under: bundle)
            )
            var recorder = Recorder()
            let verdict = bundle.evaluate(message, into: &recorder)
            #expect((verdict == .allow) == !isDenied, "\(conditions)")
        }
    }

    @Test("Our share is rounded down for an allow rule and up for a deny rule")
    func ownShare() throws {
        func share(_ own: UInt64, of all: UInt64) -> FactRange {
            var facts = Facts(wallet: 0, outflow: 1, fee: 1, virtualSize: 1)
            facts.count(inputs: 1, outputs: 1, ownAmount: own, outputAmount: all)
            return facts.range(of: .ownShare)
        }
        #expect(share(1, of: 3) == FactRange(least: 333_333, most: 333_334))
        #expect(share(1, of: 4) == FactRange(250_000))
        #expect(share(0, of: 9) == FactRange(0))
        let money = CheckedBundle.moneyMax
        #expect(share(money, of: money) == FactRange(1_000_000))
        #expect(share(money - 1, of: money) == FactRange(least: 999_999, most: 1_000_000))
        #expect(share(0, of: 0) == .unknown)
        #expect(share(1, of: money + 1) == .unknown)
        #expect(share(2, of: 1) == .unknown)
    }

    @Test(
        "An OP_RETURN stands in the lists of its shape; data that one push does not tell, in none"
    )
    func shapes() throws {
        var sample = conditionSample()
        sample.extend(shapes: [
            .init(1, [], 0...0), .init(2, [1, 2], 2...3), .init(4, [9], 1...80),
        ])
        sample.rules = [.init("any")]
        sample.limits = []
        let bytes = sample.bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        let cases: [([UInt8], certain: UInt64, possible: UInt64)] = [
            ([0x6a], 1, 1), ([0x6a, 0], 1, 1), ([0x6a, 2, 1, 2], 2, 2), ([0x6a, 3, 1, 2, 3], 2, 2),
            ([0x6a, 4, 1, 2, 3, 4], 0, 0), ([0x6a, 2, 1, 3], 0, 0), ([0x6a, 1, 1], 0, 0),
            ([0x6a, 76, 2, 1, 2], 2, 2), ([0x6a, 77, 2, 0, 1, 2], 2, 2),
            ([0x6a, 76, 1], 0, 7), ([0x6a, 77, 1, 0], 0, 7), ([0x6a, 78, 2, 0, 0, 0, 1, 2], 0, 7),
            ([0x6a, 1, 1, 1, 2], 0, 7), ([0x6a, 0x51], 0, 7), ([0x6a, 76], 0, 7),
            ([0x6b, 2, 1, 2], 0, 0), ([UInt8](repeating: 2, count: 22), 3, 3),
        ]
        for (script, certain, possible) in cases {
            let lists = bundle.outputLists(of: script.span)
            #expect(lists.certain == certain && lists.possible == possible, "\(script)")
        }
    }
}
