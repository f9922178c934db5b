import Foundation
import Front
import TestSupport
import Testing
import Wire

@Suite("Names of the policy in refusals")
struct PolicyNamesTests {
    private let policy: BundleFacts

    init() throws {
        var bundle = SampleBundle()
        bundle.lists = ["blocked", "friends", "payroll"]
        var daily = SampleBundle.Limit("daily")
        daily.amount = 2_000_000
        daily.count = .max
        var often = SampleBundle.Limit("often", scope: 1, index: 1)
        often.amount = .max
        often.count = 5
        var even = SampleBundle.Limit("even", scope: 2)
        even.amount = 7
        even.count = 7
        bundle.limits = [daily, often, even, SampleBundle.Limit("wages", scope: 3, index: 2)]
        bundle.rules = [
            SampleBundle.Rule("everyday"), SampleBundle.Rule("staff", lists: 0b110),
            SampleBundle.Rule("never", effect: 2, lists: 1),
        ]
        policy = try BundleFacts(reading: bundle.bytes)
    }

    /// What becomes of a `gate-refused`: `u8 stage | u16 code | u32 index | u64 | u64`.
    private func report(
        stage: UInt8,
        code: UInt16,
        index: UInt32,
        expected: UInt64,
        found: UInt64,
        named: Bool = true
    ) throws -> RefusalReport {
        var payload = [stage]
        for place in 0..<2 { payload.append(UInt8(truncatingIfNeeded: code >> (8 * place))) }
        for place in 0..<4 { payload.append(UInt8(truncatingIfNeeded: index >> (8 * place))) }
        for number in [expected, found] {
            for place in 0..<8 { payload.append(UInt8(truncatingIfNeeded: number >> (8 * place))) }
        }
        let error = try GateClient.refusal(payload, policy: named ? policy : nil)
        guard case .refused(let report) = error else { throw error }
        return report
    }

    private func leaf(_ json: String) throws -> LeafFacts {
        try JSONDecoder().decode(LeafFacts.self, from: Data(json.utf8))
    }

    @Test("Entries of the log are named under the policy that decided them, and under no other")
    func entries() throws {
        for isOurs in [true, false] {
            var names = LeafNames(policy)
            let hash = isOurs ? policy.hash : String(repeating: "00", count: 32)
            let decision = #"{"kind":"decision","policyHash":"\#(hash)","verdict":"#
            let allowed = names.named(try leaf(decision + #""allow","rules":[0,1]}"#))
            #expect(allowed.ruleNames == (isOurs ? ["everyday", "staff"] : nil))
            #expect(allowed.rules == [0, 1])
            let charged = names.named(
                try leaf(#"{"kind":"charge","outcome":"charged","decisionIndex":4,"rule":1}"#)
            )
            #expect(charged.ruleName == (isOurs ? "staff" : nil) && charged.rule == 1)
            #expect(charged.words.hasPrefix("charge for entry 4: charged to rule "))
            #expect(charged.words.contains(isOurs ? "\"staff\"" : "rule 1 "))
            let exceeded = names.named(
                try leaf(#"{"kind":"charge","outcome":"limit-exceeded","limit":2}"#)
            )
            #expect(exceeded.limitName == (isOurs ? "even" : nil))
            #expect(exceeded.words.contains(isOurs ? "limit \"even\" is used up" : "limit 2 is"))
            let denied = #""refuse","refusal":"denied-by-rule","refusalIndex":2,"subject":"rule"}"#
            let refused = names.named(try leaf(decision + denied))
            #expect(refused.subjectName == (isOurs ? "never" : nil))
            #expect(refused.words.hasSuffix(isOurs ? "denied-by-rule (rule \"never\")" : "by-rule"))
            // No policy has a rule there: the place alone.
            let beyond = try leaf(#"{"kind":"charge","outcome":"charged","rule":9}"#)
            #expect(names.named(beyond) == beyond)
            let zero = #""refuse","refusal":"zero-value","refusalIndex":1,"subject":"input"}"#
            let input = try leaf(decision + zero)
            #expect(names.named(input) == input)
        }
        var none = LeafNames(nil)
        let charge = try leaf(#"{"kind":"charge","outcome":"charged","rule":0}"#)
        #expect(none.named(charge) == charge)
    }

    @Test(
        "A rule is named, and its place stays",
        arguments: [(201, "satoshi"), (202, "satoshi"), (203, "rate")] as [(UInt16, String)]
    )
    func rule(code: UInt16, unit: String) throws {
        let report = try report(stage: 1, code: code, index: 1, expected: 10, found: 11)
        #expect(report.subject == "rule" && report.index == 1 && report.subjectName == "staff")
        #expect(report.expected == 10 && report.found == 11)
        #expect(report.lines.contains("  Which: rule \"staff\" (rule 1, counted from 0)"))
    }

    @Test("A limit is named with what it counts, over how long, and in what")
    func limit() throws {
        let amount = try report(
            stage: 2,
            code: 300,
            index: 0,
            expected: 2_000_000,
            found: 2_000_001
        )
        #expect(amount.subjectName == "daily" && amount.index == 0 && amount.unit == "satoshi")
        #expect(amount.scope == "all payments" && amount.windowSeconds == 3_600)
        #expect(
            amount.lines.contains { $0.contains("limit \"daily\" over all payments in any 3600 s") }
        )
        #expect(amount.lines.contains("  Expected: 2,000,000 sat (0.02000000 BTC)"))

        let count = try report(stage: 2, code: 300, index: 1, expected: 5, found: 6)
        #expect(count.subjectName == "often" && count.scope == "wallet taproot")
        #expect(count.unit == "payments" && count.lines.contains("  Found: 6 payments"))

        // Both caps are 7: what was counted cannot be told.
        let even = try report(stage: 2, code: 300, index: 2, expected: 7, found: 8)
        #expect(even.unit == nil && even.lines.contains("  Found: 8"))
        #expect(even.scope == "rule everyday")
        let wages = try report(stage: 2, code: 300, index: 3, expected: 10, found: 11)
        #expect(wages.scope == "destinations payroll")
    }

    @Test("Lists and wallets are named instead of bits and places")
    func lists() throws {
        let unlisted = try report(stage: 1, code: 204, index: 1, expected: 0b110, found: 3)
        #expect(unlisted.lists == ["friends", "payroll"] && unlisted.subjectName == "staff")
        #expect(unlisted.lines.contains("  Expected: destinations in friends, payroll only"))
        #expect(unlisted.lines.contains("  Found: output 3 (counted from 0) pays another"))
        let denied = try report(stage: 1, code: 205, index: 2, expected: 1, found: 0b101)
        #expect(denied.lists == ["blocked", "payroll"] && denied.subjectName == "never")
        #expect(denied.lines.contains("  Found: a payment to what stands in blocked, payroll"))
        let wallet = try report(stage: 1, code: 200, index: .max, expected: 0, found: 1)
        #expect(wallet.subject == "wallet" && wallet.index == 1 && wallet.subjectName == "taproot")
    }

    @Test("A place that the policy does not have, or no policy, leaves the place alone")
    func unknownPlaces() throws {
        let far = try report(stage: 1, code: 201, index: 3, expected: 1, found: 2)
        #expect(far.index == 3 && far.subjectName == nil)
        #expect(far.lines.contains("  Which: rule 3 (counted from 0)"))
        let limit = try report(stage: 2, code: 300, index: 4, expected: 1, found: 2)
        #expect(limit.index == 4 && limit.subjectName == nil && limit.unit == nil)
        let bits = try report(stage: 1, code: 204, index: 1, expected: 1 << 63, found: 0)
        #expect(bits.lists == nil)
        let plain = try report(stage: 2, code: 300, index: 0, expected: 1, found: 2, named: false)
        #expect(plain.subject == "limit" && plain.index == 0 && plain.subjectName == nil)
        #expect(plain.lines.contains("  Which: limit 0 (counted from 0)"))
    }

    @Test("What is about no rule and no limit stays as it was")
    func others() throws {
        let input = try report(stage: 1, code: 25, index: 2, expected: 100, found: 99)
        let before = try report(
            stage: 1,
            code: 25,
            index: 2,
            expected: 100,
            found: 99,
            named: false
        )
        #expect(input == before)
    }
}
