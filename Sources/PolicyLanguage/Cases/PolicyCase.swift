/// One golden verdict: a payment in the words of a person, and what the policy must say of it
/// (policies/README.md, "Cases").
package struct PolicyCase: Equatable, Sendable {
    /// An output that is not ours.
    package struct Payment: Equatable, Sendable {
        package var script: [UInt8]
        package var amount: UInt64
    }

    /// What the case shows.
    package var title: String
    /// Where its block begins, from 1.
    package var line: Int
    package var wallet = ""
    package var payments: [Payment] = []
    package var fee: UInt64 = 0
    /// What leaves, where it is not payments and fee.
    package var outflow: UInt64?
    /// What comes back to us, in satoshi.
    package var returned: UInt64 = 0
    package var virtualSize: UInt32 = 0
    /// What is nil is unknown to the policy. With `inputs`, the share that is ours is known too.
    package var inputs: Int?
    /// Where it is not the payments, and one that returns something.
    package var outputs: Int?
    package var lockTime: UInt32?
    package var isReplaceable: Bool?
    /// Whether an input waits for some time after its coin (BIP-68).
    package var isRelative = false
    package var isReplacement: Bool?
    package var requester: UInt32?
    /// UTC, since 1970.
    package var seconds: UInt64?
    package var sighashes: UInt8 = 0

    /// `allow`, or the name of a refusal.
    package var expect = ""
    /// Of a refusal: the rule that it tells of.
    package var rule: String?
    /// Of an allowance: every rule that matches.
    package var matches: [String] = []
    /// Of an allowance: what is charged to which limit, in satoshi.
    package var charges: [String] = []

    init(title: String, line: Int) {
        self.title = title
        self.line = line
    }
}

/// What came of a case.
package struct CaseOutcome: Equatable, Sendable {
    /// As in a case: the verdict, the rule of a refusal, what matched, what is charged.
    package var verdict: String
    package var rule: String?
    package var matches: [String]
    package var charges: [String]

    /// In the words of a case file.
    package var lines: [String] {
        ["expect: \(verdict)"] + (rule.map { ["rule: \($0)"] } ?? [])
            + matches.map { "match: \($0)" } + charges.map { "charge: \($0)" }
    }

    /// What the case expects and did not come, and what came instead; empty if it is met.
    package func differences(from expected: PolicyCase) -> [String] {
        let wanted = CaseOutcome(
            verdict: expected.expect,
            rule: expected.rule,
            matches: expected.matches,
            charges: expected.charges.sorted()
        )
        guard wanted != self else { return [] }
        let missing = wanted.lines.filter { !lines.contains($0) }.map { "- \($0)" }
        let more = lines.filter { !wanted.lines.contains($0) }.map { "+ \($0)" }
        let differing = missing + more
        return differing.isEmpty ? ["the same rules in another order"] : differing
    }
}
