import Foundation
import PolicyLanguage
import TestSupport
import Testing

/// One line of the small policy replaced, and the message that must follow.
struct Mistake: Sendable, CustomTestStringConvertible {
    let old: String
    let new: String
    let message: String

    var testDescription: String { new }

    init(_ old: String, _ new: String, _ message: String) {
        (self.old, self.new, self.message) = (old, new, message)
    }
}

@Suite("A mistake in a policy is named with its line, its key and how to write it")
struct ErrorTests {
    static let amounts: [Mistake] = [
        .init("\"5 BTC\"", "5", "line 3, allowance: found the integer 5; expected an amount"),
        .init("\"5 BTC\"", "5.0", "line 3, allowance: found the floating-point number 5.0;"),
        .init("\"5 BTC\"", "\"5\"", "expected a number, one space and the unit:"),
        .init("\"5 BTC\"", "\"5BTC\"", "expected a number, one space and the unit:"),
        .init("\"5 BTC\"", "\"5  BTC\"", "expected a number, one space and the unit:"),
        .init("\"5 BTC\"", "\"5 btc\"", "found \"5 btc\"; expected the unit BTC or sat:"),
        .init("\"5 BTC\"", "\"-5 BTC\"", "expected an amount such as"),
        .init("\"5 BTC\"", "\"1e3 BTC\"", "expected an amount such as"),
        .init("\"5 BTC\"", "\".5 BTC\"", "expected an amount such as"),
        .init("\"5 BTC\"", "\"5. BTC\"", "expected an amount such as"),
        .init("\"5 BTC\"", "\"5,0 BTC\"", "expected an amount such as"),
        .init("\"5 BTC\"", "\"1__0 BTC\"", "expected an amount such as"),
        .init("\"5 BTC\"", "\"0.123456789 BTC\"", "expected at most 8 decimals:"),
        .init("\"5 BTC\"", "\"0.5 sat\"", "expected no decimals:"),
        .init("\"5 BTC\"", "\"21000000.00000001 BTC\"", "expected at most 21000000 BTC"),
        .init("\"5 BTC\"", "\"99999999999999999999 BTC\"", "expected a smaller number:"),
        .init("allowance = \"5 BTC\"", "", "allowance: found no allowance; expected an amount"),
        .init("\"1h\"", "\"1 hour\"", "line 10, limits.hourly.window: found \"1 hour\"; expected"),
        .init("\"1h\"", "\"30m1h\"", "limits.hourly.window: found \"30m1h\"; expected a time"),
        .init("\"1h\"", "\"h\"", "expected a time such as"),
        .init("\"1h\"", "\"\"", "expected a time such as"),
        .init("\"1h\"", "\"0s\"", "expected a time such as"),
        .init("\"1h\"", "\"367d\"", "expected at most 366d"),
        .init("\"0.1 BTC\"", "\"any\"", "rules[1].max_outflow: found \"any\""),
        .init("max_fee = \"0.01 BTC\"", "", "rules[1].max_fee: found no max_fee;"),
        .init("max_fee", "max_feerate = \"25 sat\"\nmax_fee", "expected the unit sat/vB:"),
        .init("max_fee", "max_feerate = \"0.0001 sat/vB\"\nmax_fee", "at most 3 decimals"),
    ]

    private static let fee = "max_fee = \"0.01 BTC\""

    static let shapes: [Mistake] = [
        .init("version = 1", "version = 2", "line 1, version: found 2; expected a whole number"),
        .init("version = 1", "", "version: found no version; expected a whole number from 1 to 1"),
        .init("version = 1", "version = \"1\"", "line 1, version: found the string \"1\""),
        .init("version = 1", "version = 1\ncolour = 1", "line 2, colour: found the unknown key"),
        .init(
            "allowance",
            "alowance",
            "line 3, alowance: found the unknown key alowance; expected allowance (did you"
        ),
        .init("max_fee", "maxfee", "found the unknown key maxfee; expected max_fee (did you mean"),
        .init("transactions", "transaction", "expected transactions (did you mean it?)"),
        .init("[limits.hourly]", "[limit.hourly]", "expected limits (did you mean it?)"),
        .init("\"regtest\"", "\"mainnet\"", "line 2, network: found \"mainnet\"; expected one of"),
        .init("\"regtest\"", "\"signet\"", "an address of another network"),
        .init("\"regtest\"", "\"main\"", "admins: found no admins; expected [admins] on main"),
        .init("[[rules]]", "[rules]", "line 13, rules: found a value of type table; expected an a"),
        .init("[wallets.segwit]", "[wallets.\"se gwit\"]", "found the name se gwit; expected 1 to"),
        .init("name = \"everyday\"", "name = \"\"", "rules[1].name: found \"\""),
        .init("\"allow\"", "\"permit\"", "line 15, rules[1].effect: found \"permit\"; expected ef"),
        .init(fee, fee + "\nsighash = []", "rules[1].sighash: found no type; expected a"),
        .init(fee, fee + "\nsighash = \"NONE\"", "found the string"),
        .init(fee, fee + "\nsighash = [\"ALL\"]", "found ALL; expected only types"),
        .init(fee, fee + "\nsighash = [\"DEFAULT\"]", "found DEFAULT; expected only"),
        .init(fee, fee + "\nsighash = [\"SINGEL\"]", "expected SINGLE (did you mean"),
        .init(fee, fee + "\nsighash = [\"ANYONECANPAY\"]", "found \"ANYONECANPAY\""),
        .init(fee, fee + "\nsighash = [\"NONE\", \"NONE\"]", "found NONE twice"),
        .init(
            "\"any\"",
            "[\"payroll\"]\nsighash = [\"ALL|ANYONECANPAY\", \"SINGLE\"]",
            "found destinations beside a type that lets anyone add outputs"
        ),
        .init(
            """
            "allow"
            wallets = ["segwit"]
            destinations = "any"
            max_outflow = "0.1 BTC"
            max_fee = "0.01 BTC"
            """,
            """
            "deny"
            wallets = ["segwit"]
            destinations = "any"
            max_outflow = "none"
            """,
            "rules[1].max_outflow: found \"none\", which says nothing on a deny rule"
        ),
        .init("[\"segwit\"]", "[\"segwitt\"]", "line 16, rules[1].wallets: found the unknown name"),
        .init("[\"segwit\"]", "[\"segwitt\"]", "expected segwit (did you mean it?)"),
        .init("[\"segwit\"]", "[\"other\"]", "expected one of segwit"),
        .init("[\"segwit\"]", "[]", "rules[1].wallets: found no name"),
        .init("[\"segwit\"]", "[\"segwit\", \"segwit\"]", "found segwit twice"),
        .init("[\"segwit\"]", "\"segwit\"", "rules[1].wallets: found \"segwit\"; expected wallets"),
        .init("[\"segwit\"]", "[1]", "rules[1].wallets: found the integer 1;"),
        .init("destinations = \"any\"", "", "rules[1].destinations: found no destinations"),
        .init("\"any\"", "[\"payrol\"]", "expected payroll (did you mean it?)"),
        .init("transactions = 5", "transactions = 0", "expected a whole number from 1 to 42949672"),
        .init("transactions = 5", "wallet = \"segwit\"", "found scope and wallet; expected one of"),
        .init("scope = \"global\"", "", "limits.hourly: found no scope; expected one of"),
        .init("\"global\"", "\"all\"", "limits.hourly.scope: found \"all\""),
        .init("scope = \"global\"", "rule = \"everday\"", "expected everyday (did you mean it?)"),
        .init("scope = \"global\"", "destinations = \"x\"", "limits.hourly.destinations: found th"),
        .init(
            "transactions = 5\namount = \"0.2 BTC\"",
            "",
            "line 8, limits.hourly: found neither amount nor transactions"
        ),
        .init("version = 1", "version = 1 1", "line 1: found a line that is not TOML"),
        .init("version = 1", "version = 1\nversion = 1", "line 2: found a line that is not TOML"),
        .init("version = 1", "version = 1 # \u{202E}", "line 1: found an invisible or control"),
        .init("\"everyday\"", "\"every\\u0000day\"", "found a character written as \\u"),
    ]

    static let parts: [Mistake] = [
        .init(
            "wpkh(self/84h/1h",
            "wpkh(self/84h/0h",
            "another network; expected 1h as the second step"
        ),
        .init("wpkh(self/84h/1h/0h", "wpkh(self/84h/1h/0", "line 5, wallets.segwit.descriptor:"),
        .init(
            "wpkh(self/84h/1h/0h",
            "wpkh(self/84h/1h",
            "one key 3 to 8 hardened ones such as 84h"
        ),
        .init("<0;1>", "0", "found 1 branches; expected one for receiving and one for change"),
        .init("<0;1>", "<0;1;2>", "found 3 branches; expected one for receiving and one for chang"),
        .init("<0;1>", "<0;0>", "wallets.segwit.descriptor:"),
        .init("wpkh(", "wsh(", "wallets.segwit.descriptor:"),
        .init(
            "network =",
            "fingerprint = \"f5acc2f\"\nnetwork =",
            "fingerprint: found \"f5acc2f\""
        ),
        .init("<0;1>/*)", "<0;1>/*)#aaaaaaaa", "wallets.segwit.descriptor:"),
        .init("descriptor = \"wpkh(self/84h/1h/0h/<0;1>/*)\"", "", "found no descriptor; expected"),
        .init(
            "[destinations.payroll]",
            "[wallets.twin]\ndescriptor = \"wpkh(self/84h/1h/0h/<2;3>/*)\"\n"
                + "[destinations.payroll]",
            "line 7, wallets.twin.descriptor: found the account of wallet segwit again"
        ),
        .init("gt080", "gt081", "line 7, destinations.payroll.addresses: found"),
        .init("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", "", "which is no address"),
        .init(
            "addresses = [",
            "addresses = [\"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080\",",
            "twice; expected each address once"
        ),
        .init("addresses = [", "addresses = [] # [", "found no address"),
        .init("[[rules]]", "[admins]\nkeys = [\"ssh-rsa AAAA\"]\n[[rules]]", "of type ed25519"),
        .init("[[rules]]", "[admins]\nkeys = [\"ssh-ed25519 AAAA\"]\n[[rules]]", "a line of a .pu"),
        .init("[[rules]]", "[admins]\nthreshold = 2\nkeys = []\n[[rules]]", "from 1 to 1"),
        .init("[[rules]]", "[admins]\nthreshold = 0\nkeys = []\n[[rules]]", "from 1 to 1"),
    ]

    @Test("Mistakes in quantities", arguments: amounts)
    func quantities(mistake: Mistake) throws {
        try check(mistake)
    }

    @Test("Mistakes in keys, names and shapes", arguments: shapes)
    func keys(mistake: Mistake) throws {
        try check(mistake)
    }

    @Test("Mistakes in descriptors, addresses and admins", arguments: parts)
    func values(mistake: Mistake) throws {
        try check(mistake)
    }

    private func check(_ mistake: Mistake) throws {
        #expect(fault(of: smallPolicy) == nil)
        let place = try #require(smallPolicy.range(of: mistake.old))
        let source = smallPolicy.replacingCharacters(in: place, with: mistake.new)
        let message = try #require(fault(of: source)).description
        #expect(message.contains(mistake.message), "\(message)")
    }

    @Test("No wallet, a rule named twice, a main policy without keys")
    func whole() throws {
        let head = "version = 1\nnetwork = \"regtest\"\nallowance = \"1 sat\"\n"
        #expect(fault(of: head)?.found == "no wallet")
        #expect(fault(of: "")?.found == "no version")
        let rule = try #require(smallPolicy.range(of: "[[rules]]"))
        let twice = smallPolicy + "\n" + smallPolicy[rule.lowerBound...]
        let error = try #require(fault(of: twice))
        #expect(error.description.contains("line 21, rules[2].name: found everyday again"))
    }

    @Test("Amounts, rates and times are exact and are written as they are read")
    func exact() throws {
        let amounts: [(String, UInt64)] = [
            ("0.00000001 BTC", 1), ("1 sat", 1), ("0 BTC", 0), ("0.29 BTC", 29_000_000),
            ("1.1 BTC", 110_000_000), ("21000000 BTC", 2_100_000_000_000_000),
            ("10_000 sat", 10_000), ("100_000.5 BTC", 10_000_050_000_000),
        ]
        for (text, satoshi) in amounts {
            #expect(try allowance(text) == satoshi)
            #expect(try allowance(Written.amount(satoshi)) == satoshi)
        }
        for seconds in [1, 59, 60, 3_600, 5_400, 86_399, 86_400, 31_622_400] as [UInt32] {
            let source = smallPolicy.replacingOccurrences(
                of: "\"1h\"",
                with: "\"\(Written.duration(seconds))\""
            )
            #expect(try PolicyCompiler.read(source).limits[0].windowSeconds == seconds)
        }
    }

    private func allowance(_ text: String) throws -> UInt64 {
        let source = smallPolicy.replacingOccurrences(of: "\"5 BTC\"", with: "\"\(text)\"")
        return try PolicyCompiler.read(source).allowance
    }
}
