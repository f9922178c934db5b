import Bitcoin
import Foundation
import Policy
import PolicyLanguage
import TestSupport
import Testing
import Wallet

/// One golden verdict: a block of `key: value` lines in a `.case` file.
struct GoldenCase: Sendable, CustomTestStringConvertible {
    var testDescription = ""
    var wallet = ""
    var payments: [(script: [UInt8], amount: UInt64)] = []
    var fee: UInt64 = 0
    var outflow: UInt64?
    var virtualSize: UInt32 = 0
    var expect = ""
    var rule: String?
    var matches: [String] = []
    var charges: [String] = []

    static func all(in name: String) throws -> [GoldenCase] {
        let text = try policyFile("cases/\(name).case")
        var cases: [GoldenCase] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let mark = try #require(line.range(of: ": "))
            let (key, value) = (String(line[..<mark.lowerBound]), String(line[mark.upperBound...]))
            if key == "case" {
                cases.append(GoldenCase(testDescription: value))
            } else {
                try cases[cases.count - 1].set(key, value)
            }
        }
        return cases
    }

    private mutating func set(_ key: String, _ value: String) throws {
        switch key {
        case "wallet": wallet = value
        case "pay":
            let parts = value.split(separator: " ", maxSplits: 1)
            let script = try AddressText.read(String(parts[0]), network: .regtest)
            payments.append((script, try Self.satoshi(String(parts[1]))))
        case "fee": fee = try Self.satoshi(value)
        case "outflow": outflow = try Self.satoshi(value)
        case "vsize": virtualSize = try #require(UInt32(value))
        case "expect": expect = value
        case "rule": rule = value
        case "match": matches.append(value)
        case "charge":
            let parts = value.split(separator: " ", maxSplits: 1)
            charges.append("\(parts[0]) \(try Self.satoshi(String(parts[1])))")
        default: Issue.record("unknown key \(key)")
        }
    }

    /// By the compiler's own reading of an allowance.
    private static func satoshi(_ text: String) throws -> UInt64 {
        let source = smallPolicy.replacingOccurrences(of: "\"5 BTC\"", with: "\"\(text)\"")
        return try PolicyCompiler.read(source).allowance
    }
}

/// Keeps the names of what matched and of what is charged.
private struct NamingSink: EvaluationSink {
    var rules: [Int] = []
    var charges: [(limit: Int, amount: UInt64)] = []

    mutating func matched(rule: UInt16) { rules.append(Int(rule)) }
    mutating func beginCommonCharges() {}
    mutating func charge(limit: UInt16, amount: UInt64) { charges.append((Int(limit), amount)) }
}

@Suite("Golden verdicts of policies/cases")
struct CaseTests {
    @Test(
        "Each case gets its verdict, matches and charges",
        arguments: try GoldenCase.all(in: "example")
    )
    func verdict(golden: GoldenCase) throws {
        let source = try policyFile("cases/example.toml")
        let model = try PolicyCompiler.read(source)
        let bytes = try PolicyCompiler.compile(source: source)
        let bundle = try CheckedBundle(checking: bytes.span)
        let wallet = try #require(model.wallets.firstIndex { $0.name == golden.wallet })
        let paid = golden.payments.reduce(golden.fee) { $0 + $1.amount }
        var facts = Facts(
            wallet: wallet,
            outflow: golden.outflow ?? paid,
            fee: golden.fee,
            virtualSize: golden.virtualSize
        )
        for (index, payment) in golden.payments.enumerated() {
            let script = payment.script
            facts.pay(payment.amount, to: script.span, output: UInt32(index), under: bundle)
        }
        var sink = NamingSink()
        switch bundle.evaluate(facts, into: &sink) {
        case .allow:
            #expect(golden.expect == "allow")
        case .refuse(let finding):
            #expect(golden.expect == "\(finding.refusal.name)")
            let rule =
                finding.rule == PolicyFinding.noRule ? nil : model.rules[Int(finding.rule)].name
            #expect(golden.rule == rule)
        }
        #expect(sink.rules.map { model.rules[$0].name } == golden.matches)
        let charges = sink.charges.map { "\(model.limits[$0.limit].name) \($0.amount)" }
        #expect(charges.sorted() == golden.charges.sorted())
    }
}
