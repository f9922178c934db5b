import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing
import Wallet

@Suite("Wallet policies")
struct WalletPolicyTests {
    struct File: Decodable {
        struct Valid: Decodable {
            let comment: String
            let template: String
            let keys: [String]
            let descriptor: String
        }
        struct Invalid: Decodable {
            let template: String
            let note: String
        }
        let valid: [Valid]
        let invalid: [Invalid]
    }

    @Test(
        "BIP-388: 9 policies are their descriptors, both ways, and 9 are refused",
        .enabled(if: Vectors.present, Vectors.reason)
    )
    func vectors() throws {
        let curve = try Curve()
        let file: File = try Vectors.json("bitcoin/bip-0388/wallet_policies.json")
        #expect(file.valid.count == 9)
        #expect(file.invalid.count == 9)
        for one in file.valid {
            let policy = try WalletPolicy(
                template: one.template,
                keys: one.keys,
                network: .main,
                curve: curve
            )
            // Ours writes hardened steps with h.
            #expect(policy.descriptor.text == one.descriptor.replacing("'", with: "h"))
            #expect(policy.template == one.template, "\(one.comment)")
            let read = try OutputDescriptor(one.descriptor, network: .main, curve: curve)
            #expect(read == policy.descriptor, "\(one.comment)")
            #expect(try WalletPolicy(read) == policy, "\(one.comment)")
        }
        // As many good keys as a template could want, so that only the template is wrong.
        let keys = file.valid.flatMap(\.keys)
        var distinct: [String] = []
        for key in keys where !distinct.contains(key) { distinct.append(key) }
        for one in file.invalid {
            let count = (0...9).last { one.template.contains("@\($0)") }.map { $0 + 1 } ?? 1
            #expect(throws: WalletPolicyError.self, "\(one.note)") {
                _ = try WalletPolicy(
                    template: one.template,
                    keys: Array(distinct.prefix(count)),
                    network: .main,
                    curve: try Curve()
                )
            }
        }
        Vectors.report("bip-0388", "9 valid, 9 invalid")
    }
}
