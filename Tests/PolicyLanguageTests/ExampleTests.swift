import BitcoinCrypto
import Bytes
import Foundation
import Policy
import PolicyLanguage
import TestSupport
import Testing

@Suite("The examples compile and say what they promise")
struct ExampleTests {
    @Test(
        "Every example compiles, twice to the same bytes",
        arguments: try FileManager.default.contentsOfDirectory(
            atPath: Vectors.repository.appending(path: "policies/examples").path
        ).sorted()
    )
    func compiles(name: String) throws {
        let source = try policyFile("examples/\(name)")
        let bytes = try PolicyCompiler.compile(source: source)
        #expect(try PolicyCompiler.compile(source: source) == bytes)
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(String(decoding: bundle.source.array, as: UTF8.self) == source)
    }

    @Test("regtest-open in plain words")
    func open() throws {
        let bytes = try PolicyCompiler.compile(source: try policyFile("examples/regtest-open.toml"))
        let bundle = try CheckedBundle(checking: bytes.span)
        let lines = BundleText.describe(bundle).dropFirst()
        #expect(
            Array(lines) == [
                "The signer releases 100000 BTC in all; nobody can refill it.",
                "Wallet segwit: wpkh(self/84h/1h/0h/<0;1>/*), addresses 0 to 1000000.",
                "Wallet taproot: tr(self/86h/1h/0h/<0;1>/*), addresses 0 to 1000000.",
                "Limit hourly: all wallets together, at most 10000 BTC and at most "
                    + "100000 transactions in any 1h.",
                "Rule everyday allows payments from segwit or taproot to anyone: at most 1 BTC "
                    + "leaves, fee included, at most 0.01 BTC of fee.",
                "Anything else is denied.",
                "Worst case, honest gate: 1 BTC a transaction, 10000 BTC an hour, "
                    + "100000 BTC a day.",
                "Worst case, stolen gate: 1 BTC a transaction, 100000 BTC "
                    + "until a refill.",
            ]
        )
    }

    @Test("regtest-strict: 0.1 BTC, five an hour, 0.2 BTC an hour, 5 BTC in all")
    func strict() throws {
        let source = try policyFile("examples/regtest-strict.toml")
        let bytes = try PolicyCompiler.compile(source: source)
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(bundle.allowance == 500_000_000)
        #expect(bundle.limitCount == 1)
        #expect(bundle.limit(at: 0).amountMax == 20_000_000)
        #expect(bundle.limit(at: 0).countMax == 5)
        #expect(bundle.limit(at: 0).windowSeconds == 3_600)
        #expect(bundle.rule(at: 0).outflowMax == 10_000_000)
        #expect(bundle.rule(at: 0).feeMax == 1_000_000)
        #expect(bundle.rule(at: 0).feerateMax == RuleRecord.noCap)
        #expect(bundle.rule(at: 0).wallets == 3)
        let worst = WorstCase(of: bundle)
        #expect(worst.perTransaction == 10_000_000)
        #expect(worst.perHour == 20_000_000)
        #expect(worst.perDay == 480_000_000)
        #expect(worst.allowance == 500_000_000)
    }

    @Test("Keys of init stand beside those of the source, sorted, once; epoch and parent are kept")
    func admins() throws {
        let (low, high) = (
            SampleBundle.adminKey([UInt8](repeating: 1, count: 32)),
            SampleBundle.adminKey([UInt8](repeating: 9, count: 32))
        )
        let encoded = Data(high).base64EncodedString()
        let source =
            smallPolicy + "\n[admins]\nthreshold = 1\nkeys = [\"ssh-ed25519 \(encoded) alice\"]\n"
        let bytes = try PolicyCompiler.compile(
            source: source,
            admins: [high, low],
            epoch: 3,
            parent: Bytes32(repeating: 5)
        )
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(bundle.adminCount == 2)
        #expect(bundle.adminThreshold == 1)
        #expect(bundle.adminKey(at: 0).array == low)
        #expect(bundle.adminKey(at: 1).array == high)
        #expect(bundle.epoch == 3)
        #expect(bundle.parentHash == Bytes32(repeating: 5))
    }

    @Test("Lists, limits of every scope and a deny rule come out in canonical order")
    func everything() throws {
        let source = """
            version = 1
            network = "regtest"
            allowance = "5 BTC"
            [wallets.b]
            descriptor = "tr(self/86h/1h/0h/<0;1>/*)"
            index_max = 99
            [wallets.a]
            descriptor = "wpkh(self/84h/1h/0h/<0;1>/*)"
            [destinations.z]
            addresses = [
              "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
              "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm",
            ]
            [destinations.y]
            addresses = ["bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"]
            [limits.of-z]
            destinations = "z"
            window = "1d"
            amount = "1 BTC"
            [limits.of-rule]
            rule = "second"
            window = "1h30m"
            transactions = 1
            [limits.of-b]
            wallet = "b"
            window = "90s"
            amount = "0.5 BTC"
            [limits.all]
            scope = "global"
            window = "7d"
            amount = "2 BTC"
            [[rules]]
            name = "never"
            effect = "deny"
            wallets = "any"
            destinations = ["y"]
            [[rules]]
            name = "second"
            effect = "allow"
            wallets = ["b"]
            destinations = ["y", "z"]
            max_outflow = "none"
            max_fee = "1000 sat"
            max_feerate = "2.5 sat/vB"
            """
        let bytes = try PolicyCompiler.compile(source: source)
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(bundle.wallet(at: 1).indexMax == 99)
        #expect(bundle.destinationCount == 2)
        #expect(bundle.destinationLists(at: 0) == 0b11)
        #expect(bundle.destinationLists(at: 1) == 0b10)
        #expect(bundle.limit(at: 0).scope == .global)
        #expect(bundle.limit(at: 1).scope == .wallet(1))
        #expect(bundle.limit(at: 2).scope == .rule(1))
        #expect(bundle.limit(at: 2).windowSeconds == 5_400)
        #expect(bundle.limit(at: 3).scope == .list(1))
        #expect(bundle.rule(at: 0).effect == .deny)
        #expect(bundle.rule(at: 0).wallets == 0b11)
        #expect(bundle.rule(at: 1).outflowMax == RuleRecord.noCap)
        #expect(bundle.rule(at: 1).feerateMax == 2_500)
        let words = BundleText.describe(bundle).joined(separator: "\n")
        #expect(words.contains("Destinations y: bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080."))
        #expect(words.contains("Rule never denies payments with an output to y from a or b."))
        #expect(words.contains("Limit of-b: wallet b, at most 0.5 BTC in any 1m30s."))
    }

    @Test("Sighash types of a rule are compiled, and said in words with what they mean")
    func sighashes() throws {
        let types = ["NONE", "SINGLE", "ALL|ANYONECANPAY", "NONE|ANYONECANPAY"]
        let all = (types + ["SINGLE|ANYONECANPAY"]).map { "\"\($0)\"" }
        for mask in 1..<32 {
            let names = all.indices.filter { mask >> $0 & 1 == 1 }.map { all[$0] }
            let source = smallPolicy + "\nsighash = [\(names.reversed().joined(separator: ", "))]"
            let bytes = try PolicyCompiler.compile(source: source)
            let bundle = try CheckedBundle(checking: bytes.span)
            #expect(bundle.rule(at: 0).effect == .allowSighashes)
            #expect(bundle.rule(at: 0).sighashes == UInt8(mask))
            #expect(bundle.rule(at: 0).outflowMax == 10_000_000)
            let words = BundleText.describe(bundle).joined(separator: "\n")
            let said = names.joined(separator: ", ").replacing("\"", with: "")
            #expect(words.contains("It permits the sighash types \(said) too: others may then"))
            #expect(WorstCase(of: bundle).perTransaction == 10_000_000)
        }
        // Without the key every byte is as it was.
        let plain = try PolicyCompiler.compile(source: smallPolicy)
        let bundle = try CheckedBundle(checking: plain.span)
        #expect(bundle.rule(at: 0).effect == .allow)
        #expect(!BundleText.describe(bundle).joined().contains("sighash"))
    }
}
