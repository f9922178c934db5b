import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import TestSupport
import Testing
import Wallet

/// What no template can say, each with its sound neighbour; and that the bundle's reader takes
/// what the compiler makes.
@Suite("What a template cannot be made of")
struct TemplateRefusalTests {
    private func template(
        _ form: String,
        own: OwnKeys = OwnKeys(fingerprint: TemplateCompilerTests.ownFingerprint)
    ) throws -> WalletTemplate {
        let curve = try Curve()
        let text = TemplateCompilerTests.text(form)
        let found = try OutputDescriptor(text, network: .test, curve: curve)
        return try found.template(own: own, indexMax: 1_000, curve: curve)
    }

    private func refusal(
        _ form: String,
        own: OwnKeys = OwnKeys(fingerprint: TemplateCompilerTests.ownFingerprint)
    ) throws -> TemplateError? {
        do {
            _ = try template(form, own: own)
            return nil
        } catch let error as TemplateError {
            #expect(error.description.utf8.count > 15)
            return error
        }
    }

    /// Nothing in common but the name of the case and what it counts.
    private func name(_ error: TemplateError?) -> String {
        switch error {
        case nil: "none"
        case .noOwnKey: "noOwnKey"
        case .cannotSign: "cannotSign"
        case .some(let other): Mirror(reflecting: other).children.first?.label ?? "?"
        }
    }

    private static let many = (0..<40).map { "%0/\($0)/*" }

    private static let cases: [(String, String)] = [
        ("raw(deadbeef)", "form"), ("combo(%0/<0;1>/*)", "form"), ("rawtr(%0/<0;1>/*)", "form"),
        ("addr(tb1qcr8te4kr609gcawutmrza0j4xv80jy8zmfp6l0)", "form"),
        ("pk(%0/<0;1>/*)", "form"), ("multi(1,%0/<0;1>/*)", "form"),
        ("wsh(multi(1,%0/<0;1>/*,%1/<0;1>/*h))", "hardenedStep"),
        ("wsh(multi(1,%0/<0;1>/*,%1/5h/*))", "hardenedStep"),
        ("wsh(multi(1,%0/<0;1>/5/*,%1/<0;1>/*))", "stepsAfterBranches"),
        ("wsh(multi(1,%0/<0;1>/*,%1/<0;1>))", "branchesWithoutIndex"),
        ("tr(%0/<0;1>/*,pk(musig(%1,%2)/3/<0;1>/*))", "aggregateSteps"),
        ("tr(%0/<0;1>/*,pk(musig(%1,%2)/3))", "aggregateSteps"),
        ("tr(%0/<0;1>/*,pk(musig(%1)/<0;1>/*))", "aggregateCount"),
        ("tr(%0/<0;1>/*,pk(musig(%1,%1)/<0;1>/*))", "sameParticipant"),
        ("wsh(pk(%0/<0;1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16>/*))", "tooManyBranches"),
        ("wsh(multi(1,%1/<0;1>/*,%2/<0;1>/*))", "noOwnKey"), ("tr(%1/<0;1>/*)", "noOwnKey"),
        ("tr(%1/<0;1>/*,pk(%2/<0;1>/*))", "noOwnKey"), ("wpkh(%1/<0;1>/*)", "noOwnKey"),
        ("tr(musig(%0,%1)/<0;1>/*)", "cannotSign"),
        ("tr(%2/<0;1>/*,pk(musig(%0,%1)/<0;1>/*))", "cannotSign"),
        ("wpkh(%0/5/<0;1>/*)", "ownPath"), ("wpkh(self/84h/<0;1>/*)", "ownPath"),
        ("wpkh(self/84h/0h/0h/<0;1>/*)", "coinType"),
        ("wsh(pk(self/48h/0h/0h/2h/<0;1>/*))", "coinType"),
        ("wsh(pk(self/45h/0h/0h/2h/<0;1>/*))", "none"), ("wsh(pk(self/48h/3/<0;1>/*))", "none"),
        ("wpkh(%0/*)", "key"), ("wpkh(%0)", "key"),
        ("tr(%0/<0;1>/*,multi_a(1,\(many[1...31].joined(separator: ","))))", "none"),
        ("tr(%0/<0;1>/*,multi_a(1,\(many[1...32].joined(separator: ","))))", "tooMany"),
        ("wsh(and_v(v:pk(%0/<0;1>/*),0))", "unspendable"),
        ("wsh(after(5))", "finding"),
    ]

    @Test("Each has its reason", arguments: cases)
    func reasons(form: String, reason: String) throws {
        #expect(name(try refusal(form)) == reason)
    }

    @Test("64 leaves and 63 levels are the most; 10,000 bytes of a leaf as well")
    func limits() throws {
        func balanced(_ count: Int) -> String {
            var level = (0..<count).map { _ in "pk(%0/<2;3>/*)" }
            while level.count > 1 {
                let pairs = stride(from: 0, to: level.count, by: 2).map { place in
                    place + 1 < level.count ? "{\(level[place]),\(level[place + 1])}" : level[place]
                }
                level = pairs
            }
            return "tr(%1/<0;1>/*,\(level[0]))"
        }
        func chain(_ depth: Int) -> String {
            let open = String(repeating: "{pk(%0/<2;3>/*),", count: depth)
            return "tr(%1/<0;1>/*,\(open)pk(%0/<2;3>/*)\(String(repeating: "}", count: depth)))"
        }
        #expect(try template(balanced(64)).leaves.count == 64)
        #expect(name(try refusal(balanced(65))) == "tooMany")
        #expect(try template(chain(63)).leaves.map(\.depth).max() == 63)
        #expect(name(try refusal(chain(64))) == "tooMany")
        // and_v of a key and of 32 bytes that must be shown, 43 bytes each.
        func long(_ count: Int) -> String {
            let lock = "sha256(\(TemplateCompilerTests.digest(32)))"
            let open = String(repeating: "and_v(v:\(lock),", count: count)
            return "tr(%1/<0;1>/*,\(open)pk(%0/<2;3>/*)\(String(repeating: ")", count: count)))"
        }
        let most = try template(long(255)).leaves[0].script.count
        #expect(most == 9_979)
        #expect(name(try refusal(long(256))) == "scriptLength")
    }

    @Test("Own keys are those of the fingerprint that is given, as far as their paths are known")
    func own() throws {
        let form = "wsh(multi(2,%0/<0;1>/*,%1/<0;1>/*))"
        let one = TemplateCompilerTests.ownFingerprint
        #expect(name(try refusal(form, own: OwnKeys())) == "noOwnKey")
        let listed = OwnKeys(fingerprint: one, paths: [path("48h/1h/0h/2h")])
        #expect(try template(form, own: listed) == template(form))
        let others = OwnKeys(fingerprint: one, paths: [path("48h/1h/9h/2h")])
        #expect(name(try refusal(form, own: others)) == "noOwnKey")
        // Spelled as self the same template comes out.
        let spelled = try template("wsh(multi(2,self/48h/1h/0h/2h/<0;1>/*,%1/<0;1>/*))")
        #expect(try template(form) == spelled)
    }

    @Test(
        "What the compiler makes the bundle's reader takes",
        arguments: TemplateCompilerTests.forms
    )
    func bundles(form: String) throws {
        let made = try template(form)
        var sample = SampleBundle()
        sample.wallets[0].template = made.bytes
        let bytes = sample.bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(WalletTemplate(bundle.wallet(at: 0)) == made)
        #expect(bundle.wallet(at: 0).id == made.id)
    }

    @Test("The weight of a leaf is that of its largest witness")
    func weights() throws {
        // 2-of-3 in wsh: count, empty item, two signatures of 71 bytes, a script of 105 bytes.
        let multi = "multi(2,%0/<0;1>/*,%1/<0;1>/*,%2/<0;1>/*)"
        func weight(_ form: String) throws -> UInt32 {
            try template(form).leaves[0].satisfactionWeight
        }
        #expect(try weight("wsh(\(multi))") == 252)
        // Nested: the push of the 34 bytes of the program, four times each.
        #expect(try weight("sh(wsh(\(multi)))") == 392)
        // In the scriptSig: 1 + 144 + 2 + 105 bytes, whose length takes one.
        #expect(try weight("sh(\(multi))") == 4 * 252)
        // A leaf: count, signature of 65 bytes, script of 34, control block of 33 and 32 a level.
        let tree = try template("tr(%1/<0;1>/*,{pk(%0/<0;1>/*),pk(%2/<0;1>/*)})")
        #expect(tree.leaves.map(\.satisfactionWeight) == [168, 168])
    }
}
