import Foundation
import Policy
import PolicyLanguage
import TestSupport
import Testing

@Suite("Approvals in the policy file")
struct ApprovalLanguageTests {
    private static func line(_ wire: [UInt8], _ type: String = "ssh-ed25519") -> String {
        "\(type) \(Data(wire).base64EncodedString()) somebody"
    }
    private static let sk = "sk-ssh-ed25519@openssh.com"
    private static let alice = line(SampleApprovers.plain(1))
    private static let token = line(SampleApprovers.authenticator(2), sk)

    private static let sameToken = line(
        SampleApprovers.authenticator(2, application: "ssh:b"),
        sk
    )

    private static let tables = """
        [approvers.alice]
        keys = ["\(alice)", "verify-required \(token)"]
        [approvers.bob]
        keys = ["\(line(SampleApprovers.authenticator(3), sk))"]
        [approvers.carol]
        keys = ["\(line(SampleApprovers.plain(4)))"]
        [groups.security]
        members = ["carol"]
        [groups.treasury]
        members = ["bob", "alice"]
        """
    private static let rule = "approvals = { treasury = 1, security = 1 }\nexpires = \"24h\""

    /// The small policy with these tables, and more in its rule.
    private static func policy(_ rule: String, _ tables: String = tables) -> String {
        let fee = "max_fee = \"0.01 BTC\""
        return smallPolicy.replacingOccurrences(of: fee, with: fee + "\n" + rule)
            .replacingOccurrences(of: "[[rules]]", with: tables + "\n[[rules]]")
    }

    @Test("A policy with approvals compiles to the bundle laid out by hand")
    func bytes() throws {
        let rule = Self.rule + "\nwait = \"1h\"\nveto = \"security\""
        let bytes = try PolicyCompiler.compile(source: Self.policy(rule))
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(bundle.version == 2)
        let conditions: [SampleCondition] = [
            .range(1, 0, 10_000_000), .range(2, 0, 1_000_000),
            .approvals(.init([[0, 1], [1, 1]], veto: 0, wait: 3_600)),
        ]
        let found = bundle.rule(at: 0).conditionBytes.array
        #expect(found == conditions.flatMap(\.bytes))
        let sections = bundle.extensionBytes.array
        #expect(sections == [UInt8](repeating: 0, count: 7) + SampleApprovers.three.bytes)
    }

    @Test("It is said in words, and that nobody enforces it yet")
    func words() throws {
        let rule = Self.rule + "\nwait = \"1h30m\"\nveto = \"security\""
        let bytes = try PolicyCompiler.compile(source: Self.policy(rule))
        let bundle = try CheckedBundle(checking: bytes.span)
        let lines = BundleText.describe(bundle)
        for expected in [
            "Approver alice: an SSH key, an authenticator with PIN or finger.",
            "Approver bob: an authenticator.", "Group treasury: alice, bob.",
            "Rule everyday allows payments from segwit to anyone: at most 0.1 BTC leaves, fee "
                + "included; at most 0.01 BTC of fee. It needs the approval of 1 of the 1 of "
                + "security and 1 of the 2 of treasury, not before 1h30m and within 1d of the "
                + "request. One of security can reject it.",
        ] {
            #expect(lines.contains(expected), "\(lines)")
        }
        #expect(BundleText.unenforced(in: bundle).contains("approvals"))
        let short = try PolicyCompiler.compile(source: Self.policy(Self.rule))
        let text = BundleText.describe(try CheckedBundle(checking: short.span)).joined()
        #expect(text.contains("1 of the 2 of treasury, within 1d of the request."))
    }

    @Test("Approvers that no rule needs change no byte")
    func unused() throws {
        let bytes = try PolicyCompiler.compile(source: Self.policy(""))
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(bundle.version == 1 && bundle.rule(at: 0).effect == .allow)
    }

    private static func keys(_ keys: String) -> String {
        "[approvers.alice]\nkeys = [\(keys)]\n[groups.treasury]\nmembers = [\"alice\"]"
    }

    static let inTables: [(tables: String, message: String)] = [
        (keys(""), "approvers.alice.keys: found no key; expected 1 to 8 keys: a line of a .pub"),
        ("[approvers.alice]", "approvers.alice.keys: found no keys"),
        ("[approvers.\"al ice\"]\nkeys = []", "found the name al ice; expected 1 to 64 letters"),
        ("[approvers.alice]\nkey = []", "the unknown key key; expected keys (did you mean it?)"),
        (keys("\"ssh-rsa AAAA x\""), "a key of type ssh-rsa; expected a key of type ed25519"),
        (keys("\"ssh-rsa AAAA x\""), "`ssh-keygen -t ed25519` makes"),
        (
            keys("\"sk-ecdsa-sha2-nistp256@openssh.com AAAA x\""),
            "`ssh-keygen -t ed25519-sk` makes"
        ),
        (keys("\"ecdsa-sha2-nistp256 AAAA x\""), "a key of type ecdsa-sha2-nistp256"),
        (keys("\"alice\""), "found \"alice\"; expected a line of a .pub file"),
        (keys("\"ssh-ed25519 AAAA\""), "expected a line of a .pub file, made by"),
        (keys("\"\(line(SampleApprovers.plain(1), sk))\""), "a line of a .pub file"),
        (keys("\"no-touch-required \(token)\""), "the line without it: who approves always touch"),
        (keys("\"verify-required \(alice)\""), "verify-required only before a key of an authent"),
        (keys("\"\(alice)\", \"\(alice)\""), "somebody\" twice; expected each key once"),
        (
            keys("\"\(alice)\"") + "\n[approvers.bob]\nkeys = [\"\(alice)\"]",
            "approvers.bob.keys: found \"\(alice)\" again, which is alice's; expected each key"
        ),
        (
            keys("\"\(token)\", \"\(sameToken)\""),
            "twice; expected each key once, so that nobody counts for two"
        ),
        ("[groups.treasury]\nmembers = []", "groups.treasury.members: found nobody"),
        (
            keys("\"\(alice)\"").replacingOccurrences(of: "[\"alice\"]", with: "[\"alcie\"]"),
            "the unknown name \"alcie\"; expected alice (did you mean it?)"
        ),
        (
            keys("\"\(alice)\"")
                .replacingOccurrences(of: "[\"alice\"]", with: "[\"alice\", \"alice\"]"),
            "groups.treasury.members: found alice twice; expected each name once"
        ),
    ]

    static let inRules: [(rule: String, message: String)] = [
        ("approvals = { treasury = 1 }", "rules[1].expires: found no expires"),
        ("approvals = {}\nexpires = \"1h\"", "approvals: found no group; expected 1 to 4 groups"),
        (
            "approvals = 2\nexpires = \"1h\"",
            "approvals: found the integer 2; expected groups and how"
        ),
        (
            "approvals = { tresury = 1 }\nexpires = \"1h\"",
            "\"tresury\"; expected treasury (did you mean it?)"
        ),
        (
            "approvals = { treasury = 3 }\nexpires = \"1h\"",
            "found 3 of treasury, which has 2; expected at most 2, or more members: it could never"
        ),
        ("approvals = { treasury = 0 }\nexpires = \"1h\"", "found 0; expected a whole number"),
        ("approvals = { treasury = \"1\" }\nexpires = \"1h\"", "found the string \"1\""),
        ("wait = \"1h\"", "wait: found wait without approvals"),
        ("expires = \"1h\"", "expires: found expires without approvals"),
        ("veto = \"treasury\"", "veto: found veto without approvals"),
        (rule + "\nwait = \"24h\"", "wait: found 1d; expected less than expires"),
        (rule + "\nwait = \"soon\"", "wait: found \"soon\"; expected a time such as"),
        (rule + "\nveto = \"board\"", "the unknown name \"board\""),
        ("approvals = { treasury = 1 }\nexpires = \"59s\"", "expires: found 59s; expected a time"),
        ("approvals = { treasury = 1 }\nexpires = \"31d\"", "from \"60s\" to \"30d\""),
    ]

    @Test("Mistakes in approvers and groups are named", arguments: inTables)
    func tables(tables: String, message: String) throws {
        let found = try #require(fault(of: Self.policy("", tables))).description
        #expect(found.contains(message), "\(found)")
    }

    @Test("Mistakes in rules are named", arguments: inRules)
    func rules(rule: String, message: String) throws {
        let found = try #require(fault(of: Self.policy(rule))).description
        #expect(found.contains(message), "\(found)")
    }

    @Test("A person in two groups of a rule, approvals of a deny rule or of messages")
    func elsewhere() throws {
        let both = Self.tables.replacingOccurrences(
            of: "[\"carol\"]",
            with: "[\"carol\", \"bob\"]"
        )
        let shared = try #require(fault(of: Self.policy(Self.rule, both))).description
        #expect(
            shared.contains(
                "found bob in both treasury and security; expected groups that share nobody"
            ) || shared.contains("found bob in both security and treasury; expected groups that"),
            "\(shared)"
        )
        let deny = "\n[[rules]]\nname = \"no\"\neffect = \"deny\"\nwallets = \"any\"\n"
        let denied = try #require(
            fault(of: Self.policy("") + deny + "destinations = \"any\"\n" + Self.rule)
        ).description
        #expect(denied.contains("found approvals on a deny rule"), "\(denied)")
        let messages = "\n[[rules]]\nname = \"login\"\neffect = \"allow-messages\"\n" + Self.rule
        let login = try #require(fault(of: Self.policy("") + messages)).description
        #expect(login.contains("found the unknown key approvals"), "\(login)")
    }
}
