import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import PolicyLanguage
import Testing
import Wallet

/// Wallets of every kind in a policy, and what speaks against one.
@Suite("Registration of wallets")
struct RegistrationTests {
    /// Account keys of nobody, at 48h/1h/0h/2h; the first has the signer's fingerprint.
    private static let keys: [String] = {
        do {
            let curve = try Curve(blindingSeed: nil)
            return try (1...5).map { number in
                var secret = [UInt8](repeating: 0, count: 32)
                secret[31] = UInt8(number)
                let key = ExtendedPublicKey(
                    depth: 4,
                    parentFingerprint: .zero,
                    childNumber: 0x8000_0002,
                    chainCode: SHA256.hash(secret.span),
                    key: try curve.publicKey(ofSecret: secret.span)
                )
                let text = ExtendedKeyText.write(key, network: .regtest)
                let fingerprint = number == 1 ? "f5acc2fd" : "0000000\(number)"
                return "[\(fingerprint)/48h/1h/0h/2h]\(text)"
            }
        } catch {
            preconditionFailure("small numbers are secrets: \(error)")
        }
    }()

    private func policy(_ descriptors: [String]) -> String {
        var text = smallPolicy.replacing(
            "network = \"regtest\"",
            with: "network = \"regtest\"\nfingerprint = \"f5acc2fd\""
        )
        for (place, descriptor) in descriptors.enumerated() {
            var written = descriptor
            for (number, key) in Self.keys.enumerated() {
                written = written.replacing("%\(number)", with: key)
            }
            text += "\n[wallets.w\(place)]\ndescriptor = \"\(written)\""
        }
        return text
    }

    private func message(_ descriptors: String...) -> String {
        fault(of: policy(descriptors))?.description ?? "none"
    }

    private static let allSound: [(String, OutputKind)] = [
        ("pkh(self/44h/1h/0h/<0;1>/*)", .p2pkh), ("sh(wpkh(self/49h/1h/0h/<0;1>/*))", .p2shP2WPKH),
        ("sh(sortedmulti(2,%0/<0;1>/*,%1/<0;1>/*))", .p2shScript),
        ("wsh(multi(2,%1/<0;1>/*,%0/<0;1>/*))", .p2wshScript),
        ("sh(wsh(multi(2,self/48h/1h/0h/1h/<0;1>/*,%1/<0;1>/*)))", .p2shP2WSHScript),
        ("wsh(or_d(pk(%0/<4;5>/*),and_v(v:pkh(%1/<0;1>/*),older(144))))", .p2wshScript),
        ("tr(%1/<0;1>/*,{pk(%0/<0;1>/*),sortedmulti_a(2,%2/<0;1>/*,%0/<2;3>/*)})", .p2trTree),
        ("tr(self/86h/1h/0h/<0;1>/*)", .p2tr), ("tr(%0/<6;7>/*,pk(%1/<0;1>/*))", .p2trTree),
        ("tr(%1/<0;1>/*,{pk(musig(%2,%3)/<0;1>/*),pk(%0/<8;9>/*)})", .p2trTree),
    ]

    @Test("Ten kinds together compile to a bundle that says the same")
    func sound() throws {
        let source = policy(Self.allSound.map(\.0))
        let bytes = try PolicyCompiler.compile(source: source)
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(bundle.walletCount == 11)
        let model = try PolicyCompiler.read(source)
        for (place, (_, kind)) in Self.allSound.enumerated() {
            let wallet = try #require(model.wallets.first { $0.name == "w\(place)" })
            #expect(wallet.template.kind == kind)
            let found = bundle.walletIndex(id: wallet.template.id)
            let number = try #require(found)
            #expect(WalletTemplate(bundle.wallet(at: number)) == wallet.template)
        }
        // The same source, the same bytes.
        #expect(try PolicyCompiler.compile(source: source) == bytes)
    }

    private static let allFaults: [(String, String)] = [
        ("raw(deadbeef)", "raw cannot be a wallet"),
        ("combo(%0/<0;1>/*)", "combo cannot be a wallet"),
        ("addr(bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080)", "addr cannot be a wallet"),
        ("rawtr(%0/<0;1>/*)", "rawtr cannot be a wallet"), ("pk(%0/<0;1>/*)", "without sh or wsh"),
        ("wsh(multi(1,%0/<0;1>/*,%1/<0;1>/*h))", "hardened steps"),
        ("wsh(multi(1,%1/<0;1>/*,%2/<0;1>/*))", "none of the keys is the signer's own"),
        ("wsh(multi(2,%0/<0;1>/*,%0/<0;1>/*))", "stands twice"),
        ("wsh(multi(2,%0/<0;1>/*,%0/<1;2>/*))", "shares branches"),
        ("wsh(or_d(pk(%0/<0;1>/*),older(9)))", "can be spent without any signature"),
        (
            "wsh(or_i(sha256(\(String(repeating: "ab", count: 32))),pk(%0/<0;1>/*)))",
            "without any sig"
        ),
        ("wsh(and_v(v:pk(%0/<0;1>/*),older(65536)))", "has bits that consensus ignores"),
        (
            "wsh(and_v(v:pk(%0/<0;1>/*),and_v(v:after(5),after(500000001))))",
            "lock in blocks and one"
        ),
        ("wsh(and_v(v:pk(%0/<0;1>/*),0))", "cannot be spent at all"),
        (
            "wsh(and_b(pk(%0/<0;1>/*),s:or_i(older(5),older(6))))",
            "can change a spend"
        ),
        ("wpkh(%0/<0;1>/*)", "none"), ("wpkh(self/84h/1h/7h/<0;1;2>/*)", "found 3 branches"),
        ("tr(musig(%1,%2)/<0;1>/*,pk(%0/<0;1>/*))", "none"),
    ]

    @Test("What speaks against a wallet is said in words, at its line", arguments: allFaults)
    func faults(descriptor: String, expected: String) {
        let message = message(descriptor)
        #expect(message.contains(expected), "\(message)")
        if expected != "none" {
            #expect(message.hasPrefix("line 22, wallets.w0.descriptor: "), "\(message)")
        }
    }

    @Test("Two wallets with an address in common are refused, however they are written")
    func common() {
        let one = "wsh(sortedmulti(2,%0/<0;1>/*,%1/<0;1>/*))"
        #expect(message(one, "wsh(sortedmulti(2,%1/<0;1>/*,%2/<0;1>/*,%0/<0;1>/*))") == "none")
        let turned = message(one, "wsh(sortedmulti(2,%1/<0;1>/*,%0/<0;1>/*))")
        #expect(turned.contains("found an address that wallet w0 has too"), "\(turned)")
        let spelled = message(one, "wsh(sortedmulti(2,self/48h/1h/0h/2h/<0;1>/*,%1/<0;1>/*))")
        #expect(spelled.contains("found the account of wallet w0 again"), "\(spelled)")
        let crossed = message(one, "wsh(sortedmulti(2,%1/<5;0>/*,self/48h/1h/0h/2h/<4;0>/*))")
        #expect(crossed.contains("found an address that wallet w0 has too"), "\(crossed)")
        let other = "wsh(sortedmulti(2,self/48h/1h/9h/2h/<0;1>/*,%1/<0;1>/*))"
        #expect(message(one, other) == "none")
    }

    @Test("So are two that share only an address at the index of a key that takes none")
    func commonAtAnIndex() {
        let wide = "wsh(pk(self/48h/1h/0h/2h/<0;1>/*))"
        let narrow = message(wide, "wsh(pk(self/48h/1h/0h/2h/1/5))")
        #expect(narrow.contains("found an address that wallet w0 has too"), "\(narrow)")
        #expect(message(wide, "wsh(pk(self/48h/1h/0h/2h/2/5))") == "none")
        #expect(message(wide, "sh(wsh(pk(self/48h/1h/0h/2h/1/5)))") == "none")
    }

    @Test("The order of the keys of a multi makes no other wallet")
    func commonByOrder() {
        let three = "%0/<0;1>/*,%1/<0;1>/*,%2/<0;1>/*"
        let turned = "%2/<0;1>/*,%0/<0;1>/*,%1/<0;1>/*"
        for (one, other) in [
            ("wsh(sortedmulti(2,\(three)))", "wsh(multi(2,\(three)))"),
            ("wsh(multi(2,\(three)))", "wsh(multi(2,\(turned)))"),
            ("tr(%3/<0;1>/*,sortedmulti_a(2,\(three)))", "tr(%3/<0;1>/*,multi_a(2,\(turned)))"),
            (
                "tr(%3/<0;1>/*,{pk(%0/<0;1>/*),pk(%1/<0;1>/*)})",
                "tr(%3/<0;1>/*,{pk(%1/<0;1>/*),pk(%0/<0;1>/*)})"
            ),
        ] {
            let message = message(one, other)
            #expect(message.contains("found an address that wallet w0 has too"), "\(message)")
        }
        #expect(message("wsh(multi(2,\(three)))", "wsh(multi(3,\(turned)))") == "none")
    }

    @Test("A key that is another one at some index is refused")
    func twinAtAnIndex() {
        let twin = message("wsh(multi(2,self/48h/1h/7h/2h/<0;1>/*,self/48h/1h/7h/2h/1/40))")
        #expect(twin.contains("which is another of its keys at some address"), "\(twin)")
        #expect(message("wsh(multi(2,self/48h/1h/7h/2h/<0;1>/*,self/48h/1h/7h/2h/2/40))") == "none")
    }

    @Test("Own keys with 1,024 branches in all are taken, and not one more")
    func branches() {
        let sixteen = "<" + (0..<16).map(String.init).joined(separator: ";") + ">/*"
        // The policy's own wallet has two.
        var descriptors = (0..<15).map { wallet in
            let keys = (0..<4).map { "self/48h/1h/\(wallet)h/\($0)h/\(sixteen)" }
            return "wsh(multi(1,\(keys.joined(separator: ","))))"
        }
        let rest = "self/48h/1h/20h/0h/\(sixteen),self/48h/1h/20h/1h/\(sixteen),"
        descriptors.append("wsh(multi(1,\(rest)self/48h/1h/20h/2h/\(sixteen)))")
        let nearly = (0..<14).map { "self/48h/1h/21h/\($0)h/*" }.joined(separator: ",")
        descriptors.append("wsh(multi(1,\(nearly)))")
        #expect(fault(of: policy(descriptors)) == nil)
        descriptors.append("wsh(pk(self/48h/1h/22h/0h/*))")
        let message = fault(of: policy(descriptors))?.description ?? "none"
        #expect(message.contains("found own keys with 1025 branches in all"), "\(message)")
        #expect(message.contains("at most 1024"), "\(message)")
    }
}
