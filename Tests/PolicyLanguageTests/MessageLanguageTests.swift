import BitcoinCrypto
import Bytes
import Policy
import PolicyLanguage
import TestSupport
import Testing

@Suite("Rules about messages, from the file to the bundle and back into words")
struct MessageLanguageTests {
    private static func source(_ rule: String) -> String {
        smallPolicy + "\n[[rules]]\nname = \"log in\"\n" + rule + "\n"
    }

    private static let good = """
        effect = "allow-messages"
        wallets = ["segwit"]
        formats = ["bip322", "legacy"]
        branches = ["receive"]
        indexes = "5-9"
        text = 'log in at * as \\*'
        """

    @Test("Everything that the file says stands in the bundle and in its description")
    func compiled() throws {
        let source = Self.source(Self.good).replacing("name = \"log in\"", with: "name = \"login\"")
        let bytes = try PolicyCompiler.compile(source: source)
        let bundle = try CheckedBundle(checking: bytes.span)
        let rule = bundle.rule(at: bundle.ruleCount - 1)
        #expect(rule.effect == .allowMessages)
        #expect(rule.wallets == 1)
        #expect(rule.message.formats == 5)
        #expect(rule.message.branches == 1)
        #expect(rule.message.indexMin == 5)
        #expect(rule.message.indexMax == 9)
        #expect(rule.message.pattern.array == Array("log in at * as \\*".utf8))
        let line =
            #"Rule login allows segwit to sign messages: the text "log in at * as \\*", as bip322 "#
            + "or legacy, by addresses of branch receive and index 5 to 9."
        #expect(BundleText.describe(bundle).contains(line))
        // A message moves nothing: the worst case is that of the rules about payments.
        let other = try PolicyCompiler.compile(source: smallPolicy)
        #expect(try WorstCase(of: CheckedBundle(checking: other.span)) == WorstCase(of: bundle))
    }

    @Test("\"any\" is every format, branch and index, and a pattern of stars is called what it is")
    func any() throws {
        let source = Self.source(
            """
            effect = "allow-messages"
            wallets = "any"
            formats = "any"
            branches = "any"
            indexes = "any"
            text = "**"
            """
        ).replacing("name = \"log in\"", with: "name = \"free\"")
        let bytes = try PolicyCompiler.compile(source: source)
        let bundle = try CheckedBundle(checking: bytes.span)
        let message = bundle.rule(at: bundle.ruleCount - 1).message
        #expect(message.formats == 7 && message.branches == 0xff)
        #expect(message.indexMin == 0 && message.indexMax == 0x7fff_ffff)
        let words = BundleText.describe(bundle).joined(separator: "\n")
        #expect(words.contains("Rule free allows segwit to sign messages: ANY TEXT, as bip322 or "))
    }

    @Test(
        "A mistake is named",
        arguments: [
            ("\"5-9\"", "\"9-5\"", "indexes: found \"9-5\""),
            ("\"5-9\"", "\"05-9\"", "indexes: found \"05-9\""),
            ("\"5-9\"", "\"5-\"", "indexes: found \"5-\""),
            ("\"5-9\"", "\"-5\"", "indexes: found \"-5\""),
            ("\"5-9\"", "\"1-2-3\"", "indexes: found \"1-2-3\""),
            ("\"5-9\"", "\"0-2147483648\"", "indexes: found \"0-2147483648\""),
            ("indexes = \"5-9\"", "", "indexes: found no indexes"),
            ("'log in at * as \\*'", "\"\"", "text: found \"\""),
            ("'log in at * as \\*'", "'a\\n'", "text: found \"a\\n\""),
            ("'log in at * as \\*'", "\"***\"", "text: found \"***\""),
            ("text = ", "max_fee = \"1 sat\"\ntext = ", "found the unknown key max_fee"),
            ("text = ", "destinations = \"any\"\ntext = ", "found the unknown key destinations"),
            ("\"legacy\"", "\"bip137\"", "formats: found the unknown name \"bip137\""),
            ("[\"receive\"]", "[]", "branches: found no name"),
            ("\"allow-messages\"", "\"allow-message\"", "effect: found \"allow-message\""),
        ]
    )
    func mistakes(old: String, new: String, message: String) throws {
        let source = Self.source(Self.good).replacing("name = \"log in\"", with: "name = \"login\"")
        #expect(fault(of: source) == nil)
        #expect(source.contains(old))
        let found = try #require(fault(of: source.replacing(old, with: new)))
        #expect(found.description.contains(message), "\(found.description)")
    }

    @Test("A limit may be that of a rule about messages")
    func limit() throws {
        let source =
            Self.source(Self.good).replacing("name = \"log in\"", with: "name = \"login\"")
            + "\n[limits.logins]\nrule = \"login\"\nwindow = \"1h\"\ntransactions = 3\n"
        let bytes = try PolicyCompiler.compile(source: source)
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(bundle.limit(at: bundle.limitCount - 1).scope == .rule(1))
    }
}
