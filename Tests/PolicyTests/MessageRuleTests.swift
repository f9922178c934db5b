import Policy
import TestSupport
import Testing

@Suite("Messages are allowed by rules about messages, and by nothing else")
struct MessageRuleTests {
    /// Segwit may log in as of addresses 5 to 9 of the first branch; taproot has no such rule.
    private static func sample() -> SampleBundle {
        var sample = fullSample()
        sample.limits = []
        sample.rules = [
            .init("all"),
            .messages("log in", "log in at *", formats: 1, branches: 1, indexes: 5...9),
        ]
        return sample
    }

    private static func answer(
        _ sample: SampleBundle,
        wallet: Int = 0,
        _ format: MessageFormat = .bip322,
        branch: UInt8 = 0,
        index: UInt32 = 7,
        coins: [(UInt8, UInt32)] = [],
        text: String = "log in at noon"
    ) throws -> Answer {
        let (bytes, text) = (sample.bytes, Array(text.utf8))
        let bundle = try CheckedBundle(checking: bytes.span)
        var addresses = CoinAddresses()
        for (branch, index) in coins { addresses.add(branch: branch, index: index) }
        let facts = MessageFacts(
            wallet: wallet,
            format: format,
            branch: branch,
            index: index,
            coins: addresses,
            text: text.span,
            asking: .unknown
        )
        var recorder = Recorder()
        switch bundle.evaluate(facts, into: &recorder) {
        case .allow: return recorder.answer
        case .refuse(let finding):
            #expect(recorder.answer == Answer(), "a refusal charges nothing")
            return Answer(finding: finding)
        }
    }

    private static func mismatch(
        _ condition: UInt64,
        _ found: UInt64,
        rule: UInt32 = 1
    ) -> PolicyFinding {
        PolicyFinding(refusal: .messageNotMatched, rule: rule, expected: condition, found: found)
    }

    @Test("Format, branch, index and text: each from both sides of what the rule says")
    func conditions() throws {
        let sample = Self.sample()
        #expect(try Self.answer(sample).matches == [1])
        for format in [MessageFormat.proofOfFunds, .legacy] {
            let finding = Self.mismatch(1, UInt64(format.rawValue))
            #expect(try Self.answer(sample, format).finding == finding)
        }
        for branch in [1, 2, 7, 8, 15, 255] as [UInt8] {
            let finding = Self.mismatch(2, UInt64(branch))
            #expect(try Self.answer(sample, branch: branch).finding == finding)
        }
        for index in [4, 10, 0, UInt32.max] {
            #expect(
                try Self.answer(sample, index: index).finding == Self.mismatch(3, UInt64(index))
            )
        }
        for index in 5...9 as ClosedRange<UInt32> {
            #expect(try Self.answer(sample, index: index).finding == nil)
        }
        let texts = ["log in at noon\nand pay me", "log in", "Log in at noon", ""]
        for text in texts {
            let finding = Self.mismatch(4, UInt64(text.utf8.count))
            #expect(try Self.answer(sample, text: text).finding == finding)
        }
    }

    @Test("Every coin of a proof of funds is an address of the rule's, like the one that signs")
    func coins() throws {
        var sample = Self.sample()
        sample.rules[1] = .messages("proof", "**", formats: 2, branches: 0b101, indexes: 5...9)
        func finding(_ coins: [(UInt8, UInt32)]) throws -> PolicyFinding? {
            try Self.answer(sample, .proofOfFunds, coins: coins).finding
        }
        #expect(try finding([(0, 5)]) == nil)
        #expect(try finding([(0, 9), (2, 5), (0, 7)]) == nil)
        for branch in [1, 3, 7, 8, 9, 15] as [UInt8] {
            let expected = Self.mismatch(5, UInt64(branch))
            #expect(try finding([(branch, 7)]) == expected)
            #expect(try finding([(0, 7), (branch, 3), (2, 7)]) == expected)
        }
        // Bit 7 of the rule is branch 7, and there is none for 8 and more.
        sample.rules[1] = .messages("proof", "**", formats: 2, branches: 0xff, indexes: 5...9)
        #expect(try finding((0..<8).map { ($0, 5) }) == nil)
        #expect(try finding([(0, 5), (8, 5)]) == Self.mismatch(5, 8))
        for index in [0, 4, 10, 0x7fff_ffff] as [UInt32] {
            let expected = Self.mismatch(6, UInt64(index))
            #expect(try finding([(0, index)]) == expected)
            #expect(try finding([(0, 6), (1, index), (0, 9)]) == expected)
        }
        // Another rule may be for the coins of change; none is made of two.
        sample.rules[1] = .messages("receive", "**", formats: 2, branches: 1)
        sample.rules.append(.messages("change", "**", formats: 2, branches: 2))
        #expect(try finding([(0, 7)]) == nil)
        #expect(try finding([(0, 7), (1, 7)]) == Self.mismatch(5, 1))
    }

    @Test("No rule about payments allows a message, and none about messages a payment")
    func apart() throws {
        var sample = Self.sample()
        let missing = PolicyFinding(
            refusal: .noRuleForMessage,
            rule: PolicyFinding.noRule,
            expected: 0,
            found: 1
        )
        sample.rules[0].wallets = 3
        #expect(try Self.answer(sample, wallet: 1).finding == missing)
        #expect(try Self.answer(sample, wallet: 2).finding?.refusal == .noRuleForMessage)
        // Without the first rule nothing may be paid, whatever the other says.
        sample.rules = [
            .messages("any", "**", formats: 7, branches: 0xff, indexes: 0...0x7fff_ffff)
        ]
        let payment = Payment(outputs: [(EvaluationTests.unlisted, 1)], fee: 1)
        let refusal = try PolicyTests.answer(of: sample, to: payment).finding?.refusal
        #expect(refusal == .noRuleForWallet)
        #expect(try Self.answer(sample).matches == [0])
    }

    @Test("A deny rule about any payment denies messages too; one about lists does not")
    func denied() throws {
        var sample = Self.sample()
        sample.rules.append(.init("blocked", effect: 2, lists: 1))
        #expect(try Self.answer(sample).matches == [1])
        sample.rules.append(.init("frozen", effect: 2))
        let finding = PolicyFinding(refusal: .deniedByRule, rule: 3, expected: 0, found: 0)
        #expect(try Self.answer(sample).finding == finding)
        sample.rules[3].wallets = 2
        #expect(try Self.answer(sample).matches == [1])
    }

    @Test("Every rule that matches is reported with its limits, then those of wallet and whole")
    func charges() throws {
        var sample = Self.sample()
        sample.rules.append(.messages("any", "**"))
        sample.limits = [
            .init("whole"), .init("segwit", scope: 1, index: 0),
            .init("taproot", scope: 1, index: 1),
            .init("pay", scope: 2, index: 0), .init("log in", scope: 2, index: 1),
            .init("any", scope: 2, index: 2), .init("list", scope: 3, index: 0),
        ]
        let answer = try Self.answer(sample)
        #expect(answer.matches == [1, 2])
        #expect(answer.ruleCharges == [[.init(limit: 4, amount: 0)], [.init(limit: 5, amount: 0)]])
        #expect(answer.commonCharges == [.init(limit: 0, amount: 0), .init(limit: 1, amount: 0)])
    }

    @Test("The rule that came nearest is the one that failed last, of those the first")
    func nearest() throws {
        var sample = Self.sample()
        sample.rules.append(.messages("other", "nothing", branches: 1, indexes: 7...7))
        sample.rules.append(.messages("again", "nothing else"))
        #expect(try Self.answer(sample, index: 7, text: "x").finding == Self.mismatch(4, 1))
        #expect(try Self.answer(sample, .legacy, text: "x").finding == Self.mismatch(4, 1, rule: 2))
    }

    @Test("64 rules about messages are read, 65 are not")
    func count() throws {
        for count in [64, 65] {
            var sample = Self.sample()
            sample.rules = (0..<count).map { .messages("rule \($0)", "a") }
            let expected = BundleError.tooManyMessageRules(item: 64, limit: 64)
            #expect(fault(of: sample.bytes) == (count == 64 ? nil : expected))
        }
    }

    @Test("Every field of a rule about messages, from both sides of its bounds")
    func fields() throws {
        let good: [SampleBundle.Rule] = [
            .messages("m", "a", formats: 1), .messages("m", "a", formats: 7),
            .messages("m", "a", branches: 0xff), .messages("m", "a", indexes: 0...0x7fff_ffff),
            .messages("m", String(repeating: "a", count: 255)),
        ]
        var bad: [(SampleBundle.Rule, BundleError)] = [
            (.messages("m", "a", formats: 0), .unknownFormats(item: 1, found: 0)),
            (.messages("m", "a", formats: 8), .unknownFormats(item: 1, found: 8)),
            (.messages("m", "a", branches: 0), .noBranches(item: 1)),
            (.messages("m", "a", indexes: 0...0x8000_0000), .wrongIndexes(item: 1)),
            (.messages("m", ""), .badPattern(item: 1)),
            (.messages("m", "***"), .badPattern(item: 1)),
            (.messages("m", "a\u{202E}"), .badPattern(item: 1)),
        ]
        var swapped = SampleBundle.Rule.messages("m", "a", indexes: 1...2)
        swapped.tail?.swapAt(2, 6)
        bad.append((swapped, .wrongIndexes(item: 1)))
        var wallets = SampleBundle.Rule.messages("m", "a")
        wallets.wallets = 5
        bad.append((wallets, .unknownWallets(item: 1, found: 5)))
        for rule in good {
            var sample = Self.sample()
            sample.rules[1] = rule
            let bytes = sample.bytes
            #expect(try rewritten(bytes) == bytes)
        }
        for (rule, expected) in bad {
            var sample = Self.sample()
            sample.rules[1] = rule
            #expect(fault(of: sample.bytes) == expected)
        }
    }

    @Test("A bundle cut short anywhere in a rule about messages is refused")
    func cut() throws {
        var sample = Self.sample()
        sample.rules = [.messages("m", "a")]
        let bytes = sample.bytes
        for count in bytes.count - 60..<bytes.count {
            #expect(fault(of: Array(bytes.prefix(count))) != nil)
        }
    }
}
