import Foundation
import Policy
import PolicyLanguage
import TestSupport
import Testing

@Suite("Conditions in the policy file")
struct ConditionLanguageTests {
    private static let fee = "max_fee = \"0.01 BTC\""

    /// The small policy with more in its rule, and more tables before it.
    private static func policy(rule: String, tables: String = "") -> String {
        smallPolicy
            .replacingOccurrences(of: fee, with: fee + "\n" + rule)
            .replacingOccurrences(of: "[[rules]]", with: tables + "\n[[rules]]")
    }

    private static func deny(_ rule: String) -> String {
        smallPolicy + "\n[[rules]]\nname = \"never\"\neffect = \"deny\"\nwallets = \"any\"\n"
            + "destinations = \"any\"\n" + rule
    }

    private static let tables = """
        [requesters]
        payments = 1001
        [zones]
        berlin = "CET-1CEST,M3.5.0,M10.5.0/3"
        """

    private func words(_ source: String) throws -> [String] {
        let bytes = try PolicyCompiler.compile(source: source)
        return BundleText.describe(try CheckedBundle(checking: bytes.span))
    }

    @Test(
        "Every condition compiles, and is said in words",
        arguments: [
            ("min_outflow = \"0.001 BTC\"", "0.001 BTC to 0.1 BTC leaves, fee included"),
            ("min_fee = \"0.01 BTC\"", "exactly 0.01 BTC of fee"),
            ("min_feerate = \"2 sat/vB\"", "at least 2 sat/vB of fee rate"),
            (
                "min_feerate = \"2 sat/vB\"\nmax_feerate = \"9.5 sat/vB\"",
                "2 sat/vB to 9.5 sat/vB of fee rate"
            ),
            (
                "max_output = \"0.05 BTC\"",
                "at most 0.05 BTC in the largest output that is not ours"
            ),
            ("min_output = \"600 sat\"", "at least 600 sat in the largest output"),
            ("min_inputs = 2\nmax_inputs = 5", "2 to 5 inputs"),
            ("max_outputs = 3", "at most 3 outputs"),
            ("min_outputs = 3", "at least 3 outputs"),
            ("min_own_share = \"25%\"", "at least 25% of what the outputs hold comes back"),
            ("max_own_share = \"99.9999%\"", "at most 99.9999% of what"),
            ("scripts = [\"p2wpkh\", \"p2tr\"]", "of kind p2wpkh or p2tr"),
            ("lock_time = [\"none\"]", "no lock, absolute or relative"),
            ("lock_time = [\"height\", \"relative\"]", "a lock: height or relative"),
            ("replaceable = true", "it can be replaced"),
            ("replaceable = false", "it cannot be replaced"),
            ("replacement = \"only\"", "it replaces a payment"),
            ("replacement = \"never\"", "it replaces none"),
            ("requesters = [\"payments\", 7]", "asked for by uid 7 or 1001"),
            (
                "times = [\"Mon-Fri 09:00-17:00\"]\nzone = \"berlin\"",
                "asked for Mon-Fri 09:00-17:00 in zone UTC+1, and UTC+2 from M3.5.0 to M10.5.0/3"
            ),
            (
                "times = [\"Fri 22:00-02:00\"]\nzone = \"utc\"",
                "Fri 22:00-24:00, Sat 00:00-02:00 in zone UTC."
            ),
            (
                "times = [\"Sat,Sun\", \"Sat 10:00-11:00\"]\nzone = \"utc\"",
                "Sat,Sun 00:00-24:00 in"
            ),
            ("times = [\"Sun-Tue\"]\nzone = \"utc\"", "asked for Mon,Tue,Sun 00:00-24:00"),
            ("times = [\"daily 23:59-24:00\"]\nzone = \"utc\"", "daily 23:59-24:00"),
        ]
    )
    func conditions(rule: String, expected: String) throws {
        let lines = try words(Self.policy(rule: rule, tables: Self.tables))
        let line = try #require(lines.first { $0.hasPrefix("Rule everyday allows payments") })
        #expect(line.contains(expected), "\(line)")
        // A deny rule with upper bounds alone is refused: see `denyWithinCaps`.
        guard !rule.hasPrefix("max_"), !rule.contains("min_fee =") else { return }
        let denied = try words(
            Self.deny(rule).replacingOccurrences(
                of: "[[rules]]\nname = \"everyday\"",
                with: Self.tables + "\n[[rules]]\nname = \"everyday\""
            )
        )
        let other = try #require(denied.first { $0.hasPrefix("Rule never denies payments") })
        #expect(other.contains("if all of this may be so: "), "\(other)")
    }

    @Test("What uses nothing new compiles to version 1 and the effects that were")
    func unchanged() throws {
        func bundle(_ source: String) throws -> (version: UInt16, effects: [RuleEffect]) {
            let bytes = try PolicyCompiler.compile(source: source)
            let bundle = try CheckedBundle(checking: bytes.span)
            var effects: [RuleEffect] = []
            bundle.forEachRule { _, rule in effects.append(rule.effect) }
            return (bundle.version, effects)
        }
        let plain = try bundle(Self.policy(rule: "", tables: Self.tables))
        #expect(plain.version == 1 && plain.effects == [.allow], "tables alone change nothing")
        let denying = try bundle(Self.deny(""))
        #expect(denying.version == 1 && denying.effects == [.allow, .deny])
        let typed = try bundle(Self.policy(rule: "sighash = [\"NONE\"]"))
        #expect(typed.version == 1 && typed.effects == [.allowSighashes])
        let counted = try bundle(Self.policy(rule: "max_inputs = 5"))
        #expect(counted.version == 1 && counted.effects == [.allowConditions])
        let capped = try bundle(Self.deny("min_outflow = \"1 BTC\""))
        #expect(capped.version == 1 && capped.effects == [.allow, .denyConditions])
        let timed = try bundle(Self.policy(rule: "times = [\"daily\"]\nzone = \"utc\""))
        #expect(timed.version == 2 && timed.effects == [.allowConditions])
    }

    @Test(
        "A deny rule with upper bounds alone is refused: it would deny all but what was meant",
        arguments: [
            ("max_outflow = \"1 BTC\"", "outflow"), ("max_output = \"1 BTC\"", "output"),
            ("max_fee = \"1 sat\"\nmax_inputs = 2", "fee"), ("max_own_share = \"5%\"", "own_share"),
        ]
    )
    func denyWithinCaps(rule: String, fact: String) throws {
        let error = #expect(throws: PolicyError.self) { try words(Self.deny(rule)) }
        let text = try #require(error).description
        #expect(text.contains("rules[2].max_\(fact): found a deny rule with upper bounds alone"))
        #expect(text.contains("expected min_\(fact) to deny what is larger"), "\(text)")
        // The controls: a lower bound, or anything that says of which payments.
        for more in ["min_outflow = \"2 sat\"", "requesters = [7]", "scripts = [\"p2tr\"]"] {
            _ = try words(Self.deny(rule + "\n" + more))
        }
        let listed =
            smallPolicy + "\n[[rules]]\nname = \"never\"\neffect = \"deny\"\n"
            + "wallets = \"any\"\ndestinations = [\"payroll\"]\n" + rule
        _ = try words(listed)
    }

    @Test("What is not enforced is named")
    func unenforced() throws {
        let source = Self.policy(rule: "times = [\"daily\"]\nzone = \"utc\"")
        let bytes = try PolicyCompiler.compile(source: source)
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(BundleText.unenforced(in: bundle).isEmpty)
        let named = BundleText.unenforced(in: bundle, by: .none)
        #expect(named.count == 2 && named.contains("times of day and shapes of data"))
    }

    static let mistakes: [(rule: String, tables: String, message: String)] = [
        (
            "min_outflow = \"0 sat\"", "",
            "rules[1].min_outflow: found \"0 sat\"; expected an amount"
        ),
        ("min_outflow = \"1 BTC\"", "", "min_outflow: found more than max_outflow"),
        ("min_output = \"2 sat\"\nmax_output = \"1 sat\"", "", "min_output: found more than max_"),
        ("min_inputs = 0", "", "min_inputs: found 0; expected a whole number from 1 to 5000"),
        ("max_outputs = \"3\"", "", "max_outputs: found the string \"3\""),
        ("min_own_share = \"25\"", "", "min_own_share: found \"25\"; expected a share such as"),
        ("min_own_share = \"100.0001%\"", "", "expected at most \"100%\""),
        ("min_own_share = \"0.00001%\"", "", "at most 4 decimals"),
        ("scripts = [\"p2wpk\"]", "", "expected p2wpkh (did you mean it?)"),
        ("scripts = []", "", "scripts: found no name"),
        ("scripts = [\"p2tr\", \"p2tr\"]", "", "p2tr twice"),
        ("lock_time = [\"none\", \"height\", \"time\", \"relative\"]", "", "found all there are"),
        (
            "replaceable = \"yes\"", "",
            "replaceable: found the string \"yes\"; expected replaceable ="
        ),
        ("replacement = \"yes\"", "", "found \"yes\"; expected replacement = \"only\""),
        ("requesters = []", "", "requesters: found nobody; expected 1 to 64"),
        ("requesters = [\"payment\"]", "[requesters]\npayments = 7", "expected payments (did you"),
        ("requesters = [7, \"payments\"]", "[requesters]\npayments = 7", "found uid 7 twice"),
        ("requesters = [4294967295]", "", "requesters: found 4294967295"),
        ("", "[requesters]\npayments = -1", "requesters.payments: found -1"),
        ("times = [\"daily\"]", "", "zone: found no zone; expected the zone of the times"),
        ("zone = \"utc\"", "", "zone: found a zone without times"),
        ("times = [\"daily\"]\nzone = \"berlin\"", "", "the unknown name \"berlin\""),
        ("times = [\"daily 9:00-17:00\"]\nzone = \"utc\"", "", "found \"daily 9:00-17:00\""),
        ("times = [\"daily 09:00-09:00\"]\nzone = \"utc\"", "", "found \"daily 09:00-09:00\""),
        ("times = [\"daily 24:00-01:00\"]\nzone = \"utc\"", "", "found \"daily 24:00-01:00\""),
        ("times = [\"daily 00:00-24:01\"]\nzone = \"utc\"", "", "expected days and times such as"),
        ("times = [\"mon\"]\nzone = \"utc\"", "", "found \"mon\""),
        ("times = [\"Mon-Mon\"]\nzone = \"utc\"", "", "found \"Mon-Mon\""),
        ("times = []\nzone = \"utc\"", "", "times: found no time"),
        (
            "", "[zones]\nberlin = \"Europe/Berlin\"",
            "run `portcullis policy zone Europe/Berlin` and write what it prints"
        ),
        (
            "", "[zones]\nberlin = \"CET-1CEST\"",
            "zones.berlin: found \"CET-1CEST\"; expected a POS"
        ),
        ("", "[zones]\nberlin = \"CET-1CEST,J60,J300\"", "expected a POSIX time zone"),
        ("", "[zones]\nutc = \"UTC0\"", "zones.utc: found the name utc"),
    ]

    @Test("Mistakes in conditions are named", arguments: mistakes)
    func errors(rule: String, tables: String, message: String) throws {
        let source = Self.policy(rule: rule, tables: tables)
        let found = try #require(fault(of: source)).description
        #expect(found.contains(message), "\(found)")
    }

    @Test("Limits of fees and of each destination")
    func limits() throws {
        let head = "[limits.more]\nwindow = \"1d\"\n"
        let good: [(String, String)] = [
            ("scope = \"global\"\nof = \"fees\"\namount = \"1 BTC\"", "the fees of all wallets"),
            ("wallet = \"segwit\"\nof = \"fees\"\namount = \"1 BTC\"", "the fees of wallet segwit"),
            (
                "rule = \"everyday\"\nof = \"fees\"\namount = \"1 BTC\"",
                "the fees of what rule every"
            ),
            (
                "destinations = \"payroll\"\neach = true\ntransactions = 1",
                "payments to each of payroll for itself, at most 1 transaction in any 1d"
            ),
            (
                "destinations = \"payroll\"\neach = false\namount = \"1 BTC\"",
                "payments to payroll,"
            ),
        ]
        for (limit, expected) in good {
            let lines = try words(Self.policy(rule: "", tables: head + limit))
            let line = try #require(lines.first { $0.hasPrefix("Limit more") })
            #expect(line.contains(expected), "\(line)")
        }
        let wrong: [(String, String)] = [
            ("scope = \"global\"\nof = \"fee\"\namount = \"1 BTC\"", "more.of: found \"fee\""),
            ("scope = \"global\"\nof = \"fees\"\ntransactions = 1", "found a number of payments"),
            (
                "destinations = \"payroll\"\nof = \"fees\"\namount = \"1 BTC\"",
                "fees of destinations"
            ),
            ("scope = \"global\"\neach = true\namount = \"1 BTC\"", "found each on another limit"),
        ]
        for (limit, message) in wrong {
            let found = try #require(fault(of: Self.policy(rule: "", tables: head + limit)))
            #expect(found.description.contains(message), "\(found)")
        }
    }

    @Test("Lists of descriptors and data")
    func destinations() throws {
        let data = "data = [{ prefix = \"0102\", max = 80 }, { max = 0 }]"
        let source = smallPolicy.replacingOccurrences(
            of: "addresses = [",
            with: data + "\naddresses = ["
        )
        let bytes = try PolicyCompiler.compile(source: source)
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(bundle.version == 2)
        for (script, isListed) in [
            ([0x6a], true), ([0x6a, 2, 1, 2], true), ([0x6a, 1, 1], false),
            ([0x6a, 2, 1, 3], false),
        ] as [([UInt8], Bool)] {
            #expect((bundle.outputLists(of: script.span).certain == 1) == isListed)
        }
        let lines = BundleText.describe(bundle)
        #expect(
            lines.contains { $0.contains("data, 0 to 0 bytes, data that begins with 0102, 2 to") }
        )
        let wrong: [(String, String)] = [
            ("data = [{ prefix = \"01\" }]", "destinations.payroll.data[1].max: found no max"),
            ("data = [{ prefix = \"0\", max = 1 }]", "prefix: found \"0\""),
            ("data = [{ prefix = \"0102\", min = 1, max = 3 }]", "min: found 1; expected a whole"),
            (
                #"descriptors = [{ descriptor = "wpkh(self/84h/1h/0h/<0;1>/*)", indexes = "0" }]"#,
                "a key of our own"
            ),
            ("descriptors = [{ descriptor = \"wpkh(x)\" }]", "descriptors[1].descriptor: found"),
        ]
        for (list, message) in wrong {
            let spoiled = smallPolicy.replacingOccurrences(
                of: "addresses = [",
                with: list + "\naddresses = ["
            )
            let found = try #require(fault(of: spoiled)).description
            #expect(found.contains(message), "\(found)")
        }
    }

    /// Of embit: account 84h/1h/7h of a made-up seed, and addresses of it.
    private static let account =
        "tpubDDM4e51p6KogUyuDjXk8dVVR3kHWY8xkYnAKnzFJG5Pj7iaewsDFboHHgA2ZYo3zHGitz9UFtVzQU7Cv3p1Wip"
        + "3MAveFpvnv3HEX6RbJcCL"
    private static let receiving = [
        "bcrt1qunwvatjgjp977v9tnfsulkjlfl3sm07eje83h4",
        "bcrt1qsjve4h9frr6n7uddc53r8e68vu6akmlsqpny0f",
        "bcrt1q9dverpr2l5weepdk3fslteu6mztkx72za6jwf5",
    ]
    private static let change = "bcrt1qxjvjavh8mwler6j7757c4xjvjvkma0p80k9whd"

    @Test("A descriptor of others stands for its addresses, as embit derives them")
    func descriptors() throws {
        func destinations(_ list: String) throws -> [PolicyModel.Destination] {
            let place = try #require(
                smallPolicy.range(of: #"addresses = \[.*\]"#, options: .regularExpression)
            )
            return try PolicyCompiler.read(smallPolicy.replacingCharacters(in: place, with: list))
                .destinations
        }
        func descriptor(_ rest: String) -> String {
            "descriptors = [{ descriptor = \"wpkh(\(Self.account)/<0;1>/*)\", \(rest) }]"
        }
        let quoted = { (list: [String]) in "addresses = [\"\(list.joined(separator: "\", \""))\"]" }
        let both = try destinations(descriptor("indexes = \"0\""))
        #expect(both == (try destinations(quoted([Self.receiving[0], Self.change]))))
        let first = try destinations(descriptor("indexes = \"0-2\", branches = [0]"))
        #expect(first == (try destinations(quoted(Self.receiving))))
        for (rest, message) in [
            ("branches = [0]", "found no indexes"), ("indexes = \"1-0\"", "found \"1-0\""),
            ("indexes = \"0-1000000\"", "more than 1000000 scripts in all"),
            ("indexes = \"0\", branches = [2]", "found another branch"),
            ("indexes = \"0\", branches = [0, 0]", "found another branch"),
            ("indexes = \"0\", branches = []", "found no branch"),
            ("indexes = \"0\", index = 1", "found the unknown key index"),
        ] {
            #expect { try destinations(descriptor(rest)) } throws: { "\($0)".contains(message) }
        }
    }
}
