import Foundation
import Policy
import PolicyLanguage
import TestSupport
import Testing

/// A case and the policy that it is about.
struct GoldenCase: Sendable, CustomTestStringConvertible {
    let name: String
    let expected: PolicyCase

    var testDescription: String { "\(name): \(expected.title)" }

    /// Of every file of cases; the policy stands beside it or among the examples.
    static func all() throws -> [GoldenCase] {
        let folder = Vectors.repository.appending(path: "policies/cases")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        var cases: [GoldenCase] = []
        for file in files where file.hasSuffix(".case") {
            let name = String(file.dropLast(5))
            let text = try policyFile("cases/\(file)")
            let policy = try PolicyCompiler.read(try source(of: name))
            cases += try CaseReader.read(text, for: policy).map {
                GoldenCase(name: name, expected: $0)
            }
        }
        return cases
    }

    static func source(of name: String) throws -> String {
        let beside = Vectors.repository.appending(path: "policies/cases/\(name).toml")
        let isBeside = FileManager.default.fileExists(atPath: beside.path)
        return try policyFile("\(isBeside ? "cases" : "examples")/\(name).toml")
    }
}

@Suite("Golden verdicts of policies/cases")
struct CaseTests {
    private func outcome(of one: PolicyCase, _ source: String) throws -> CaseOutcome {
        let bytes = try PolicyCompiler.compile(source: source)
        let bundle = try CheckedBundle(checking: bytes.span)
        return try one.outcome(under: bundle, try PolicyCompiler.read(source))
    }

    @Test("Each case gets its verdict, matches and charges", arguments: try GoldenCase.all())
    func verdict(golden: GoldenCase) throws {
        let outcome = try outcome(of: golden.expected, try GoldenCase.source(of: golden.name))
        #expect(outcome.differences(from: golden.expected) == [])
    }

    @Test("Every example has cases that allow, and cases that refuse")
    func everyExample() throws {
        let folder = Vectors.repository.appending(path: "policies/examples")
        let cases = try GoldenCase.all()
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            let name = String(file.dropLast(5))
            let own = cases.filter { $0.name == name }
            let allowed = own.count { $0.expected.expect == "allow" }
            #expect(own.count > allowed, "\(name) has no case that is refused")
            // The policy that pays nobody allows nothing that a case of payments could show.
            #expect(allowed > 0 || name == "proofs", "\(name) has no case that is allowed")
        }
    }

    private static let plain = """
        case: a small payment
        wallet: segwit
        pay: bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080 0.01 BTC
        fee: 1000 sat
        vsize: 141
        expect: allow
        match: everyday
        charge: hourly 1001000 sat
        """

    @Test(
        "A case that expects something else is not met, and says what came",
        arguments: [
            (
                "expect: allow", "expect: outside-time",
                ["- expect: outside-time", "+ expect: allow"]
            ),
            ("match: everyday", "", ["+ match: everyday"]),
            (
                "hourly 1001000", "hourly 1001001",
                ["- charge: hourly 0.01001001 BTC", "+ charge: hourly 0.01001 BTC"]
            ),
        ]
    )
    func unmet(found: String, instead: String, differences: [String]) throws {
        let text = Self.plain.replacingOccurrences(of: found, with: instead)
        let policy = try PolicyCompiler.read(smallPolicy)
        let cases = try CaseReader.read(text, for: policy)
        let one = try #require(cases.first)
        #expect(try outcome(of: one, smallPolicy).differences(from: one) == differences)
        let plain = try #require(try CaseReader.read(Self.plain, for: policy).first)
        #expect(try outcome(of: plain, smallPolicy).differences(from: plain) == [])
    }

    @Test("Where the signatures leave the outputs open, a case that pays a known one pays anyone")
    func open() throws {
        let source =
            smallPolicy.replacingOccurrences(
                of: "destinations = \"any\"",
                with: "destinations = \"any\"\nsighash = [\"NONE\"]"
            ) + """

                [[rules]]
                name = "never"
                effect = "deny"
                wallets = "any"
                destinations = ["payroll"]
                """
        let other = "bcrt1q63sj6yhzzz9k0p5zwc7kshx7r4k86uj5p0y35s"
        let text = Self.plain.replacing("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", with: other)
        let policy = try PolicyCompiler.read(source)
        let closed = try #require(try CaseReader.read(text, for: policy).first)
        #expect(try outcome(of: closed, source).verdict == "allow")
        let opened = text + "\nsighash: NONE"
        let open = try #require(try CaseReader.read(opened, for: policy).first)
        #expect(try outcome(of: open, source).verdict == "denied-by-rule")
    }

    @Test(
        "What is wrong in a file of cases is named by line, and how to write it",
        arguments: [
            ("fee: 1000 sat", "fee: 1000", 4, "one space and the unit"),
            ("fee: 1000 sat", "fees: 1000 sat", 4, "fee (did you mean it?)"),
            ("expect: allow", "expect: allowed", 6, "allow (did you mean it?)"),
            ("expect: allow\n", "", 1, "expect: allow, or a refusal's name"),
            ("vsize: 141", "vsize: some", 5, "a whole number"),
            ("vsize: 141", "time: 2026-02-29T00:00:00Z", 5, "such as 2026-11-22T09:30:00Z"),
            ("vsize: 141", "requester: nobody", 5, "a uid (the policy has no [requesters])"),
            ("vsize: 141", "replaceable: maybe", 5, "yes or no"),
            ("vsize: 141", "replaceable: yes", 1, "both, as in lock-time: 0"),
            ("vsize: 141", "sighash: ANY", 5, "ALL|ANYONECANPAY"),
            ("vsize: 141", "data: 0g", 5, "in hexadecimal"),
            ("wallet: segwit", "wallet segwit", 2, "key: value"),
            ("case: a small payment\n", "", 1, "case: what it shows"),
            ("bcrt1qw508", "bc1qw508", 3, "an address of regtest"),
        ]
    )
    func mistakes(found: String, instead: String, line: Int, expected: String) throws {
        let text = Self.plain.replacingOccurrences(of: found, with: instead)
        let policy = try PolicyCompiler.read(smallPolicy)
        do throws(PolicyError) {
            _ = try CaseReader.read(text, for: policy)
            Issue.record("\(instead) was read")
        } catch {
            #expect(error.line == line)
            #expect(error.expected.contains(expected), "\(error)")
        }
    }

    @Test("Times are those of UTC, 1970 to 2105, leap years included")
    func times() throws {
        let policy = try PolicyCompiler.read(smallPolicy)
        let formatter = ISO8601DateFormatter()
        var dice = Dice(seed: 4)
        for _ in 0..<2_000 {
            let seconds = dice.below(4_291_747_200)
            let written = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            let text = Self.plain + "\ntime: \(written)"
            #expect(try CaseReader.read(text, for: policy).first?.seconds == UInt64(seconds))
        }
    }
}
