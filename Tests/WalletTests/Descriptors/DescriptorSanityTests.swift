import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing
import Wallet

/// One fault at a time, with a sound descriptor beside it.
@Suite("Descriptor sanity")
struct DescriptorSanityTests {
    static let origin = "[73c5da0a/48h/1h/0h/2h]"

    /// Extended keys of different accounts, with the origins of different signers.
    static let keys: [String] = {
        do {
            let signer = try TestSigner(TestSigner.abandon)
            return try (0..<6).map { number in
                let wallet = try signer.wallet("w", .p2wpkh, path: path("48h/1h/\(number)h/2h"))
                let key = ExtendedKeyText.write(wallet.account, network: .test)
                let fingerprint = number == 0 ? "73c5da0a" : "0000000\(number)"
                return "[\(fingerprint)/48h/1h/\(number)h/2h]\(key)"
            }
        } catch {
            preconditionFailure("the words of the test are good: \(error)")
        }
    }()

    /// %0 to %5 stand for the keys.
    private func names(_ text: String) throws -> [String] {
        var text = text
        for (number, key) in Self.keys.enumerated() {
            text = text.replacing("%\(number)", with: key)
        }
        let curve = try Curve()
        let descriptor = try OutputDescriptor(text, network: .test, curve: curve)
        let findings = descriptor.findings(ownFingerprint: Bytes4(hex: "73c5da0a"))
        for finding in findings {
            #expect(finding.description.count > 20)
        }
        return findings.map(\.name)
    }

    @Test(
        "A sound wallet has no finding",
        arguments: [
            "pkh(%0/<0;1>/*)", "wpkh(%0/<0;1>/*)", "sh(wpkh(%0/<0;1>/*))", "tr(%0/<0;1>/*)",
            "wpkh(self/84h/1h/0h/<0;1>/*)",
            "sh(sortedmulti(2,%0/<0;1>/*,%1/<0;1>/*))",
            "wsh(multi(2,%0/<0;1>/*,%1/<0;1>/*,%2/<0;1>/*))",
            "sh(wsh(sortedmulti(2,%0/<0;1>/*,%1/<0;1>/*)))",
            "wsh(or_d(pk(%0/<0;1>/*),and_v(v:pkh(%1/<0;1>/*),older(65535))))",
            "wsh(or_d(pk(%0/<0;1>/*),and_v(v:pkh(%0/<2;3>/*),older(4194305))))",
            "tr(%1/<0;1>/*,{sortedmulti_a(1,%0/<0;1>/*,%2/<0;1>/*),pk(%0/<2;3>/*)})",
            "tr(musig(%0,%1)/<0;1>/*,pk(musig(%0,%2)/<0;1>/*))",
            "wsh(thresh(1,pk(%0/<0;1>/*)))",
        ]
    )
    func sound(text: String) throws {
        #expect(try names(text) == [])
    }

    @Test(
        "Each fault has its name",
        arguments: [
            ("raw(deadbeef)", "form"),
            ("addr(tb1qcr8te4kr609gcawutmrza0j4xv80jy8zmfp6l0)", "form"),
            ("combo(%0/<0;1>/*)", "form"),
            ("rawtr(%0/<0;1>/*)", "form"),
            ("pk(%0/<0;1>/*)", "form"),
            ("multi(1,%0/<0;1>/*)", "form"),
            ("wsh(multi(1,%0/<0;1>/*,%1/<0;1>/*h))", "hardened-step"),
            ("wsh(multi(1,%0/<0;1>/*,%1/5h/<0;1>/*))", "hardened-step"),
            ("wsh(multi(1,%0/<0;1>/*,%1/<0;1h>/*))", "hardened-step"),
            ("wsh(multi(2,%0/<0;1>/*,%1/<0;1>/*,%1/<0;1>/*))", "duplicate-key"),
            ("tr(%0/<0;1>/*,pk(%0/<0;1>/*))", "duplicate-key"),
            ("tr(musig(%0,%1,%1)/<0;1>/*)", "duplicate-key"),
            ("wsh(multi(1,%0/<0;1>/*,%1/<0;1>/*,%1/<1;2>/*))", "overlapping-branches"),
            ("wsh(multi(1,%0/<0;1>/*,%1/<0;1>/*,%1/<1;0>/*))", "overlapping-branches"),
            ("wsh(multi(1,%1/<0;1>/*,%2/<0;1>/*))", "no-own-key"),
            ("wsh(multi(2,%0/<0;1>/*,%1/<0;1>/*,%0/<2;3>/*))", "own-key-twice"),
            ("wsh(multi(2,%0/<0;1>/*,self/48h/1h/9h/2h/<0;1>/*))", "own-key-twice"),
            ("tr(musig(%0,self/48h/1h/9h/2h)/<0;1>/*)", "own-key-twice"),
            ("wsh(and_v(v:pk(%0/<0;1>/*),pk(%0/<2;3>/*)))", "own-key-twice"),
            ("wsh(or_i(pk(%0/<0;1>/*),older(5)))", "path-without-signature"),
            ("tr(%0/<0;1>/*,older(5))", "path-without-signature"),
            ("wsh(and_b(pk(%0/<0;1>/*),s:or_i(older(5),older(6))))", "malleable"),
            ("wsh(and_v(v:pk(%0/<0;1>/*),and_v(v:older(5),older(4194310))))", "timelock-mix"),
            ("wsh(and_v(v:pk(%0/<0;1>/*),and_v(v:after(5),after(500000001))))", "timelock-mix"),
            ("wsh(and_v(v:pk(%0/<0;1>/*),older(65536)))", "meaningless-older"),
            ("wsh(and_v(v:pk(%0/<0;1>/*),older(4194304)))", "meaningless-older"),
            ("wsh(and_v(v:pk(%0/<0;1>/*),older(2147483647)))", "meaningless-older"),
            ("wsh(and_b(pk(%0/<0;1>/*),a:0))", "over-limit"),
        ]
    )
    func fault(text: String, name: String) throws {
        #expect(try names(text) == ["descriptor-\(name)"])
    }

    @Test("An origin that does not fit the depth of its key is found")
    func originDepth() throws {
        let key = try #require(Self.keys[0].split(separator: "]").last)
        #expect(try names("wpkh([73c5da0a/84h]\(key)/<0;1>/*)") == ["descriptor-origin-depth"])
    }

    @Test("Internal keys that nobody can spend with are recognised")
    func internalKeys() throws {
        let curve = try Curve()
        let point = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0"
        let extended = ExtendedPublicKey(
            depth: 0,
            parentFingerprint: .zero,
            childNumber: 0,
            chainCode: Bytes32(repeating: 7),
            key: Bytes33(hex: "02\(point)")
        )
        let text = ExtendedKeyText.write(extended, network: .test)
        for (key, expected) in [
            (point, OutputDescriptor.InternalKey.unspendablePoint),
            ("02\(point)", .unspendablePoint),
            ("\(text)/<0;1>/*", .unspendableExtended),
            ("\(Self.keys[1])/<0;1>/*", .spendable),
        ] {
            let descriptor = try OutputDescriptor(
                "tr(\(key),pk(\(Self.keys[0])/<0;1>/*))",
                network: .test,
                curve: curve
            )
            #expect(descriptor.internalKey == expected)
            #expect(descriptor.findings(ownFingerprint: Bytes4(hex: "73c5da0a")).isEmpty)
        }
    }

    @Test("201 opcodes are permitted and 202 are not; 100 witness items and 101 likewise")
    func limits() throws {
        // Each n: adds one opcode to the one of pk.
        let first = "pk(%0/<0;1>/*)"
        #expect(try names("wsh(\(String(repeating: "n", count: 200)):\(first))") == [])
        #expect(
            try names("wsh(\(String(repeating: "n", count: 201)):\(first))")
                == ["descriptor-over-limit"]
        )
        for (count, expected) in [(100, []), (101, ["descriptor-over-limit"])] {
            let others = (1..<count).reduce(first) { inner, number in
                "and_v(v:pk(%1/\(number)/*),\(inner))"
            }
            #expect(try names("wsh(\(others))") == expected)
        }
    }

    @Test("Private keys are refused, and no error shows one")
    func privateKeys() throws {
        let curve = try Curve()
        let wif = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA"
        let short = String(wif.dropLast())
        for key in [wif, short] {
            for text in [
                "wpkh(\(key))", "wsh(\(key))", "wsh(pk(\(key)/0))", "\(key)", "sh(\(key))",
            ] {
                do throws(DescriptorError) {
                    _ = try OutputDescriptor(text, network: .test, curve: curve)
                    Issue.record("\(text) was read")
                } catch {
                    #expect(!error.description.contains(key), "\(text)")
                }
            }
        }
        #expect(throws: DescriptorError.privateKey) {
            _ = try OutputDescriptor("wpkh(\(wif))", network: .test, curve: try Curve())
        }
    }
}
