import Policy
import TestSupport
import Testing

@Suite("The evaluator answers as the language says")
struct EvaluationTests {
    static let listed = [UInt8](repeating: 2, count: 22)
    static let unlisted = [UInt8](repeating: 4, count: 22)
    static let denied = [UInt8](repeating: 0, count: 34)

    /// One rule of segwit: outflow 1,000, fee 100, rate 500 sat/kvB, lists as given.
    static func oneRule(lists: UInt64 = 0) -> SampleBundle {
        var sample = fullSample()
        sample.limits = []
        sample.rules = [.init("only", lists: lists)]
        sample.rules[0].outflow = 1_000
        sample.rules[0].fee = 100
        sample.rules[0].feerate = 500
        return sample
    }

    private func finding(_ sample: SampleBundle, _ payment: Payment) throws -> PolicyFinding? {
        try answer(of: sample, to: payment).finding
    }

    @Test("Outflow at the cap passes, fee included; one satoshi over is refused")
    func outflow() throws {
        var payment = Payment(outputs: [(Self.unlisted, 950)], fee: 50)
        #expect(try finding(Self.oneRule(), payment) == nil)
        payment.outputs[0].amount += 1
        let expected = PolicyFinding(
            refusal: .outflowOverMaximum,
            rule: 0,
            expected: 1_000,
            found: 1_001
        )
        #expect(try finding(Self.oneRule(), payment) == expected)
    }

    @Test("A fee at the cap passes; one satoshi over is refused")
    func fee() throws {
        var payment = Payment(outputs: [(Self.unlisted, 1)], fee: 100, virtualSize: 1_000)
        #expect(try finding(Self.oneRule(), payment) == nil)
        payment.fee = 101
        let expected = PolicyFinding(refusal: .feeOverMaximum, rule: 0, expected: 100, found: 101)
        #expect(try finding(Self.oneRule(), payment) == expected)
    }

    @Test(
        "A fee rate at the cap passes; the least fraction over is refused, and found rounds up",
        arguments: [
            (50, 100, nil), (50, 101, nil), (50, 99, 506), (51, 100, 510), (70, 141, nil),
            (71, 141, 504), (1, 2, nil), (1, 1, 1_000), (0, 1, nil), (1, 0, UInt64.max),
        ] as [(UInt64, UInt32, UInt64?)]
    )
    func feerate(fee: UInt64, virtualSize: UInt32, found: UInt64?) throws {
        let payment = Payment(outputs: [], fee: fee, virtualSize: virtualSize)
        let finding = try finding(Self.oneRule(), payment)
        #expect(finding?.found == found)
        #expect(finding?.refusal == (found == nil ? nil : .feerateOverMaximum))
    }

    @Test("A fee too large to be scaled counts as the highest rate, and an uncapped rule takes it")
    func feerateSaturates() {
        let most = UInt64.max / 1_000
        #expect(Facts.feerate(fee: most, virtualSize: 1_000) == most)
        #expect(Facts.feerate(fee: most + 1, virtualSize: 1_000) == .max)
    }

    @Test("A rule matches only with a permission for every sighash type that is used")
    func sighashes() throws {
        for permitted in UInt8(0)...31 {
            var sample = Self.oneRule()
            if permitted != 0 {
                sample.rules[0].effect = 3
                sample.rules[0].sighashes = permitted
            }
            for used in UInt8(0)...31 {
                let payment = Payment(outputs: [], sighashes: used)
                let expected = PolicyFinding(
                    refusal: .sighashNotInRule,
                    rule: 0,
                    expected: UInt64(permitted),
                    found: UInt64(used)
                )
                let found = try finding(sample, payment)
                #expect(found == (used & ~permitted == 0 ? nil : expected))
            }
        }
    }

    @Test("Open outputs are in no list for a rule that allows, in each for one that denies")
    func openOutputs() throws {
        for (bit, isOpen) in [(1, true), (2, true), (4, false), (8, true), (16, true)] {
            var sample = Self.oneRule(lists: 0b111)
            sample.rules[0].effect = 3
            sample.rules[0].sighashes = 31
            var payment = Payment(outputs: [(Self.listed, 1)], sighashes: UInt8(bit))
            let unlisted = PolicyFinding(
                refusal: .destinationNotListed,
                rule: 0,
                expected: 0b111,
                found: 1
            )
            #expect(try finding(sample, payment) == (isOpen ? unlisted : nil))
            sample.rules[0].lists = 0
            sample.rules[0].destinations = 0
            #expect(try finding(sample, payment) == nil)
            sample.limits = [.init("listed", scope: 3, index: 1)]
            let charges = try answer(of: sample, to: payment).commonCharges.map(\.amount)
            #expect(charges == (isOpen ? [payment.outflow] : [1]))
            payment.outputs = []
            sample.rules.append(.init("never", effect: 2, lists: 0b100))
            #expect(try finding(sample, payment)?.refusal == (isOpen ? .deniedByRule : nil))
        }
    }

    @Test("Every output must stand in one of the rule's lists; the one outside is named")
    func destinations() throws {
        let sample = Self.oneRule(lists: 0b011)
        var payment = Payment(outputs: [(Self.listed, 1), (Self.listed, 2)])
        #expect(try finding(sample, payment) == nil)
        payment.outputs.append((Self.unlisted, 0))
        let expected = PolicyFinding(
            refusal: .destinationNotListed,
            rule: 0,
            expected: 0b011,
            found: 2
        )
        #expect(try finding(sample, payment) == expected)
        #expect(try finding(sample, Payment(outputs: [(Self.denied, 1)]))?.found == 0)
        #expect(try finding(sample, Payment(outputs: [])) == nil, "nothing leaves but the fee")
    }

    @Test("A deny rule wins over every allow rule, wherever it stands")
    func deny() throws {
        var sample = Self.oneRule()
        sample.rules.append(.init("never", effect: 2, lists: 0b100))
        let payment = Payment(outputs: [(Self.listed, 1), (Self.denied, 1)])
        let expected = PolicyFinding(
            refusal: .deniedByRule,
            rule: 1,
            expected: 0b100,
            found: 0b111
        )
        #expect(try finding(sample, payment) == expected)
        sample.rules.swapAt(0, 1)
        #expect(try finding(sample, payment)?.refusal == .deniedByRule)
        #expect(try finding(sample, Payment(outputs: [(Self.listed, 1)])) == nil)
        sample.rules[0] = .init("frozen", effect: 2)
        #expect(try finding(sample, Payment())?.refusal == .deniedByRule)
    }

    @Test("A wallet without a rule is refused, and so is one that does not exist")
    func noRule() throws {
        let sample = Self.oneRule()
        for wallet in [1, 2, 63, 64, 1_000] {
            let expected = PolicyFinding(
                refusal: .noRuleForWallet,
                rule: .max,
                expected: 0,
                found: UInt64(wallet)
            )
            #expect(try finding(sample, Payment(wallet: wallet)) == expected)
        }
        var silent = sample
        silent.rules = []
        #expect(try finding(silent, Payment())?.refusal == .noRuleForWallet)
        #expect(try finding(silent, Payment(wallet: -1))?.refusal == .noRuleForWallet)
    }

    @Test("The refusal tells of the rule that came nearest, not of the first")
    func nearest() throws {
        var sample = Self.oneRule()
        sample.rules += [.init("larger"), .init("stricter")]
        sample.rules[1].outflow = 2_000
        sample.rules[2].fee = 5
        let payment = Payment(outputs: [(Self.unlisted, 2_990)], fee: 10)
        let expected = PolicyFinding(refusal: .feeOverMaximum, rule: 2, expected: 5, found: 10)
        #expect(try finding(sample, payment) == expected)
        sample.rules.removeLast()
        let largest = PolicyFinding(
            refusal: .outflowOverMaximum,
            rule: 1,
            expected: 2_000,
            found: 3_000
        )
        #expect(try finding(sample, payment) == largest)
    }

    @Test("Charges go to every limit in scope, lists with what was paid to them")
    func charges() throws {
        let sample = fullSample()
        let both = [UInt8](repeating: 2, count: 22)  // cold and payroll
        let cold = [UInt8](repeating: 1, count: 22)
        let payment = Payment(outputs: [(both, 30), (cold, 40), (both, 50)], fee: 7)
        let answer = try answer(of: sample, to: payment)
        #expect(answer.matches == [0, 1])
        #expect(answer.ruleCharges == [[.init(limit: 4, amount: 127)], []])
        let common = [(0, 127), (1, 127), (2, 127), (6, 120)] as [(Int, UInt64)]
        #expect(answer.commonCharges == common.map { .init(limit: $0.0, amount: $0.1) })
    }

    @Test("64 kinds of destinations are told apart; with a 65th, only unlisted rules can match")
    func manyKinds() throws {
        var sample = SampleBundle()
        sample.lists = (0..<64).map { "list-\(100 + $0)" }
        sample.rules = [.init("listed", lists: .max)]
        let bytes = sample.bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        sample.rules = [.init("any")]
        let anyBytes = sample.bytes
        let anyBundle = try CheckedBundle(checking: anyBytes.span)
        var facts = Facts(wallet: 0, outflow: 1, fee: 1, virtualSize: 1)
        // No pair of neighbours contains another, nor a single list.
        for output in 0..<64 {
            let pair: UInt64 = 1 << UInt64(output) | 1 << UInt64((output + 1) % 64)
            facts.pay(1, lists: pair, output: UInt32(output))
        }
        facts.count(inputs: 1, outputs: 64, ownAmount: 0, outputAmount: 64)
        #expect(bundle.verdict(on: facts) == .allow)
        facts.pay(1, lists: 3 | 1 << 40, output: 64)
        facts.count(inputs: 1, outputs: 65, ownAmount: 0, outputAmount: 65)
        #expect(bundle.verdict(on: facts) == .allow, "implied by a pair it contains")
        facts.pay(1, lists: 0b101, output: 65)
        facts.count(inputs: 1, outputs: 66, ownAmount: 0, outputAmount: 66)
        let expected = PolicyFinding(
            refusal: .destinationNotListed,
            rule: 0,
            expected: .max,
            found: 65
        )
        #expect(bundle.verdict(on: facts) == .refuse(expected))
        #expect(anyBundle.verdict(on: facts) == .allow)
    }

    @Test("Amounts to a list that overflow stay at the most that can be charged")
    func saturation() {
        var facts = Facts(wallet: 0, outflow: 1, fee: 1, virtualSize: 1)
        facts.pay(.max, lists: 1, output: 0)
        facts.pay(1, lists: 1, output: 1)
        #expect(facts.amountPaid(toList: 0) == .max)
        #expect(facts.amountPaid(toList: 1) == 0)
    }

    @Test("Refusals keep their codes and names")
    func names() {
        let all: [(PolicyRefusal, UInt16, String)] = [
            (.noRuleForWallet, 200, "no-rule-for-wallet"),
            (.outflowOverMaximum, 201, "outflow-over-maximum"),
            (.feeOverMaximum, 202, "fee-over-maximum"),
            (.feerateOverMaximum, 203, "feerate-over-maximum"),
            (.destinationNotListed, 204, "destination-not-listed"),
            (.deniedByRule, 205, "denied-by-rule"),
            (.sighashNotInRule, 206, "sighash-not-in-rule"),
            (.noRuleForMessage, 207, "no-rule-for-message"),
            (.messageNotMatched, 208, "message-not-matched"),
            (.outflowUnderMinimum, 209, "outflow-under-minimum"),
            (.feeUnderMinimum, 210, "fee-under-minimum"),
            (.feerateUnderMinimum, 211, "feerate-under-minimum"),
            (.outputOverMaximum, 212, "output-over-maximum"),
            (.outputUnderMinimum, 213, "output-under-minimum"),
            (.inputCount, 214, "input-count"),
            (.outputCount, 215, "output-count"),
            (.ownShare, 216, "own-share"),
            (.scriptKind, 217, "script-kind"),
            (.lockTimeKind, 218, "lock-time-kind"),
            (.replaceability, 219, "replaceability"),
            (.replacementKind, 220, "replacement-kind"),
            (.requester, 221, "requester"),
            (.outsideTime, 222, "outside-time"),
            (.approvalsNeeded, 223, "approvals-needed"),
        ]
        for (refusal, code, name) in all {
            #expect(refusal.rawValue == code)
            #expect("\(refusal.name)" == name)
            #expect(PolicyRefusal(rawValue: code) == refusal)
        }
        #expect(PolicyRefusal(rawValue: 199) == nil)
        #expect(PolicyRefusal(rawValue: 224) == nil)
    }
}
