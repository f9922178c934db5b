import Bitcoin
import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing
import Wallet

@Suite("Descriptors")
struct DescriptorTests {
    private static let tpub: String = {
        do {
            let signer = try TestSigner(TestSigner.abandon)
            let wallet = try signer.wallet("w", .p2wpkh, path: path("84h/1h/0h"))
            return ExtendedKeyText.write(wallet.account, network: .test)
        } catch {
            preconditionFailure("the words of the test are good: \(error)")
        }
    }()

    private func failure(_ text: String, _ network: Network = .test) throws -> DescriptorError? {
        let curve = try Curve()
        do throws(DescriptorError) {
            _ = try OutputDescriptor(text, network: network, curve: curve)
            return nil
        } catch {
            return error
        }
    }

    private struct Row: Decodable {
        let expr: String
        let valid: Bool
        let comment: String
    }

    @Test(
        "The 8 checksums of BIP-380 are told right from wrong",
        .enabled(if: Vectors.present, Vectors.reason)
    )
    func checksums() throws {
        let rows: [Row] = try Vectors.json("bitcoin/bip-0380/descriptor_vectors.json")
        let checksums = rows.prefix(8)
        #expect(checksums.count == 8)
        for row in checksums {
            var isRight = true
            do throws(DescriptorError) {
                _ = try DescriptorChecksum.strip(row.expr)
            } catch {
                isRight = false
            }
            #expect(isRight == row.valid, "\(row.comment)")
        }
        #expect(DescriptorChecksum.make("raw(deadbeef)") == "89f8spxm")
    }

    @Test("What is read is written again, with the checksum on demand")
    func roundTrip() throws {
        let curve = try Curve()
        for text in [
            "wpkh([d34db33f/84h/1h/0h]\(Self.tpub)/<0;1>/*)",
            "tr([d34db33f/86h/1h/0h]\(Self.tpub)/<0;1>/*)",
            "wpkh(\(Self.tpub)/<0;1;2>/*)",
            "tr(\(Self.tpub)/5/*)",
            "wpkh(self/84h/1h/0h/<0;1>/*)",
            "tr(self/86h/1h/7h/<0;1>/*)",
        ] {
            let descriptor = try OutputDescriptor(text, network: .test, curve: curve)
            #expect(descriptor.text == text)
            let checked = descriptor.textWithChecksum
            #expect(checked.count == text.count + 9)
            #expect(try OutputDescriptor(checked, network: .test, curve: curve) == descriptor)
        }
        let text = "wpkh(self/84'/1'/0h/<0;1>/*)"
        let own = try OutputDescriptor(text, network: .test, curve: curve)
        #expect(own.keys[0].source == .own(path: path("84h/1h/0h")))
        #expect(own.keys[0].steps == [.many([0, 1])])
        #expect(own.form == .witnessKeyHash(0))
    }

    @Test("Whatever is no descriptor of the network is refused, and the error says why")
    func refusals() throws {
        let key = "[d34db33f/84h/1h/0h]\(Self.tpub)"
        #expect(try failure("wpkh(\(key)/<0;0>/*)") == .branches("<0;0>"))
        #expect(try failure("wpkh(\(key)/<0>/*)") == .branches("<0>"))
        #expect(try failure("wpkh([d34db33/84h/1h/0h]\(Self.tpub)/<0;1>/*)") != nil)
        #expect(try failure("wpkh([d34db33f/84h/x/0h]\(Self.tpub)/<0;1>/*)") == .step("x"))
        #expect(try failure("wpkh([d34db33f/84h/01/0h]\(Self.tpub)/<0;1>/*)") == .step("01"))
        #expect(
            try failure("wpkh([d34db33f/84h/2147483648/0h]\(Self.tpub)/<0;1>/*)")
                == .step("2147483648")
        )
        #expect(try failure("wpkh(\(Self.tpub)/<0;1>/*)", .main) == .otherNetwork)
        #expect(try failure("wpkh(\(Self.tpub.dropLast())/<0;1>/*)") != nil)
        #expect(try failure("wpkh(self/84h/1/0h/<0;1>/*)") == .ownPath("self/84h/1/0h/<0;1>/*"))
        #expect(try failure("wpkh(self/<0;1>/*)") != nil)
        #expect(try failure("") == .empty)
        #expect(try failure("wpkh()") == .notAKey(""))
    }

    @Test("BIP-49: the account's first address", .enabled(if: Vectors.present, Vectors.reason))
    func nestedAccount() throws {
        struct Part: Decodable {
            let masterseedWords: String?
            let account0recvPublicKeyHex: String?
            let scriptSig: String?
            let address: String?
        }
        let parts: [Part] = try Vectors.json("bitcoin/bip-0049/vectors.json")
        #expect(parts.compactMap(\.masterseedWords) == [TestSigner.abandon])
        let signer = try TestSigner(TestSigner.abandon)
        let wallet = try signer.wallet("w", .p2shP2WPKH, path: path("49h/1h/0h"))
        let place = KeyPlace(branch: 0, index: 0)
        let output = try wallet.output(place, curve: signer.curve)
        let key = try #require(parts.compactMap(\.account0recvPublicKeyHex).first)
        #expect("0x" + output.keys[0].bytes.hex == key)
        let redeem = try #require(output.redeemScript)
        #expect("0x" + redeem.hex == parts.compactMap(\.scriptSig).first)
        let address = AddressText.write(output.script, network: .test)
        #expect(address == parts.compactMap(\.address).first)
        Vectors.report("bip-0049", "1 account, 1 address")
    }

    private struct Derived: Decodable {
        let section: String
        let address: String?
    }

    @Test(
        "The addresses of BIP-84 and BIP-86 come from the account's public key",
        .enabled(if: Vectors.present, Vectors.reason),
        arguments: [
            ("bip-0084", OutputKind.p2wpkh, "84h/0h/0h"), ("bip-0086", .p2tr, "86h/0h/0h"),
        ]
    )
    func addresses(bip: String, kind: OutputKind, account: String) throws {
        let rows: [Derived] = try Vectors.json("bitcoin/\(bip)/vectors.json")
        let signer = try TestSigner(TestSigner.abandon)
        let wallet = try signer.wallet("w", kind, path: path(account))
        let expected = rows.compactMap(\.address)
        #expect(expected.count == 3)
        for (place, address) in zip([(0, 0), (0, 1), (1, 0)], expected) {
            let place = KeyPlace(branch: UInt8(place.0), index: UInt32(place.1))
            let script = try wallet.script(place, curve: signer.curve)
            #expect(AddressText.write(script, network: .main) == address)
            #expect(try AddressText.read(address, network: .main) == script)
        }
        let text = wallet.descriptor.textWithChecksum
        let read = try OutputDescriptor(text, network: .main, curve: signer.curve)
        #expect(read == wallet.descriptor)
    }
}
