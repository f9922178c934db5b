import Bitcoin
import BitcoinCrypto
import Bytes
import Foundation
import Policy
import TestSupport
import Testing
import Wallet

/// Template and descriptor give the same scripts: ours against a second filler, and both against
/// what BDK and embit recorded.
@Suite("Templates of descriptors", .timeLimit(.minutes(5)))
struct TemplateCompilerTests {
    /// A descriptor with its own keys known, and the template of it.
    struct Case {
        let descriptor: OutputDescriptor
        let template: WalletTemplate
        let filler: NaiveFiller

        init(
            _ text: String,
            own fingerprint: Bytes4,
            _ curve: borrowing Curve,
            keys: [[UInt32]: ExtendedPublicKey] = [:]
        ) throws {
            let found = try OutputDescriptor(text, network: .test, curve: curve)
            template = try found.template(
                own: OwnKeys(fingerprint: fingerprint),
                indexMax: 0x7fff_ffff,
                curve: curve
            )
            descriptor = try found.filling { path in
                keys[path].map { ($0, KeyDerivation(fingerprint: fingerprint, path: path)) }
            }
            var known = keys
            for key in descriptor.keys.flatMap(\.participants) {
                guard let origin = key.origin, origin.fingerprint == fingerprint else { continue }
                if case .extended(let extended) = key.source { known[origin.path] = extended }
            }
            let roots = known
            let library = try Curve()
            filler = NaiveFiller(template: template) { path in
                // A path may go on below the key that the descriptor gives.
                for count in (1...path.count).reversed() {
                    guard var key = roots[Array(path.prefix(count))] else { continue }
                    for step in path[count...] { key = try key.child(step, curve: library) }
                    return key
                }
                throw CryptoError.invalidPublicKey
            }
        }

        /// What both make of one output.
        func expectSame(
            _ branch: Int,
            _ index: UInt32,
            _ curve: borrowing Curve
        ) throws -> [UInt8] {
            let filled = try filler.fill(branch: branch, index: index, curve: curve)
            let place = min(branch, descriptor.placeCount - 1)
            let output = try descriptor.outputs(place: place, index: index, curve: curve)[0]
            #expect(filled.scriptPubKey == output.script, "\(descriptor.text)")
            var scripts = [output.witnessScript ?? output.redeemScript].compactMap { $0 }
            if let taproot = output.taproot {
                scripts = taproot.tree.leaves.map(\.script)
                #expect(taproot.tree.root == filled.merkleRoot)
            }
            if !template.kind.isOfOneKey { #expect(scripts == filled.scripts) }
            return filled.scriptPubKey
        }
    }

    // MARK: The forms

    /// %n stand for extended keys; 0 is ours.
    static let forms = [
        "pkh(%0/<0;1>/*)", "wpkh(%0/<0;1>/*)", "sh(wpkh(%0/<0;1>/*))", "tr(%0/<0;1>/*)",
        "sh(pk(%0/<0;1>/*))", "sh(pkh(%0/<0;1>/*))",
        "sh(multi(2,%0/<0;1>/*,%1/<0;1>/*))", "sh(sortedmulti(2,%2/<0;1>/*,%0/<0;1>/*,%1/<0;1>/*))",
        "wsh(pk(%0/<0;1>/*))", "wsh(multi(1,%0/<0;1>/*))", "wsh(sortedmulti(1,%0/<0;1>/*))",
        "wsh(multi(2,%0/<0;1>/*,%1/<0;1>/*,%2/<0;1>/*))",
        "wsh(sortedmulti(2,%2/<0;1>/*,%1/<0;1>/*,%0/<0;1>/*))",
        "sh(wsh(multi(2,%1/<0;1>/*,%0/<0;1>/*)))",
        "sh(wsh(sortedmulti(2,%1/<0;1>/*,%0/<0;1>/*,%3/<0;1>/*)))",
        "wsh(or_d(pk(%0/<0;1>/*),and_v(v:pkh(%1/<0;1>/*),older(144))))",
        "wsh(or_d(pk(%1/<0;1>/*),and_v(v:pkh(%0/<0;1>/*),after(840000))))",
        "wsh(andor(pk(%0/<0;1>/*),sha256(\(digest(32))),and_v(v:pk(%1/<0;1>/*),older(4194305))))",
        "wsh(thresh(2,pk(%0/<0;1>/*),s:pk(%1/<0;1>/*),sln:older(500)))",
        "wsh(and_v(or_c(pk(%0/<0;1>/*),v:hash160(\(digest(20)))),pk(%1/<0;1>/*)))",
        "wsh(andor(multi(2,%0/<0;1>/*,%1/<0;1>/*),or_i(pk(%2/<0;1>/*),pkh(%3/<0;1>/*)),"
            + "and_b(pk(%0/<2;3>/*),s:pk(%1/<2;3>/*))))",
        "sh(wsh(and_v(v:pk(%0/<0;1>/*),or_i(pkh(%1/<0;1>/*),pk(%2/<0;1>/*)))))",
        "tr(%0/<0;1>/*,pk(%1/<0;1>/*))", "tr(%1/<0;1>/*,pk(%0/<0;1>/*))",
        "tr(\(unspendable),multi_a(2,%0/<0;1>/*,%1/<0;1>/*))",
        "tr(\(unspendable),sortedmulti_a(2,%2/<0;1>/*,%0/<0;1>/*,%1/<0;1>/*))",
        "tr(%1/<0;1>/*,{pkh(%0/<0;1>/*),{sortedmulti_a(1,%2/<0;1>/*,%3/<0;1>/*),"
            + "and_v(v:pk(%0/<2;3>/*),older(10))}})",
        "tr(%0/<0;1>/*,{{pk(%1/<0;1>/*),pk(%2/<0;1>/*)},{pk(%3/<0;1>/*),pk(%1/<2;3>/*)}})",
        "tr(musig(%0,%1)/<0;1>/*,pk(%0/<2;3>/*))",
        "tr(musig(%2/<0;1>/*,%1/<0;1>/*,%0/<0;1>/*),{pk(%0/<2;3>/*),pk(musig(%1,%2)/<0;1>/*)})",
        "tr(%3/<0;1>/*,{pk(musig(%2/<0;1>/*,%1/<0;1>/*,%0/<0;1>/*)),pk(%0/<2;3>/*)})",
        "tr(%0/<0;1>/*,pk(musig(%2,%1)/<0;1>/*))", "tr(%0/<0;1>/*,pk(musig(%2,%1)/7/*))",
        // Other steps: a single branch, none, none at all, more of them.
        "wsh(multi(2,%0/0/*,%1/3/<0;1>/*,%2/*,%3))", "wsh(sortedmulti(2,%0/3/<0;1>/*,%1/<7;9>/*))",
        "tr(%1,pk(%0/<0;1;5>/*))", "wsh(multi(1,%0/4/*,\(fixed)))", "wsh(pk(%0/*))", "wsh(pk(%0))",
        "tr(musig(%0,%1,\(fixed)),pk(%0/<2;3>/*))",
        "tr(%0/<0;1>/*,{pk(\(unspendable)),pk(self/86h/1h/3h/<0;1>/*)})",
        "wsh(multi(2,self/48h/1h/1h/2h/<0;1>/*,self/48h/1h/1h/3h/5/<0;1>/*,%1/<0;1>/*))",
    ]

    static let fixed = "03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd"
    static let unspendable = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0"

    static func digest(_ count: Int) -> String { String(repeating: "ab", count: count) }

    /// A form with its keys written out; keys after the first are of other signers.
    static func text(_ form: String) -> String {
        var text = form
        for (number, key) in DescriptorSanityTests.keys.enumerated() {
            text = text.replacing("%\(number)", with: key)
        }
        return text
    }

    static let ownFingerprint = Bytes4(hex: "73c5da0a")

    @Test(
        "Every form: each branch at many indexes, as descriptor and as template",
        arguments: forms
    )
    func exhaustive(form: String) throws {
        let curve = try Curve()
        let signer = try TestSigner(TestSigner.abandon)
        var keys: [[UInt32]: ExtendedPublicKey] = [:]
        for text in ["86h/1h/3h", "48h/1h/1h/2h", "48h/1h/1h/3h"] {
            keys[path(text)] = try signer.extended(path(text))
        }
        let found = try Case(Self.text(form), own: Self.ownFingerprint, curve, keys: keys)
        var seen: Set<[UInt8]> = []
        for branch in 0..<found.filler.branchCount {
            for index: UInt32 in Array(0...20) + [999, 65_536, 0x7fff_ffff] {
                seen.insert(try found.expectSame(branch, index, curve))
            }
        }
        // Different outputs, or the comparison would say little.
        #expect(found.descriptor.isRanged ? seen.count >= 24 : seen.count == 1)
        #expect(found.filler.branchCount == found.descriptor.placeCount)
        #expect(found.template.indexMax == (found.descriptor.isRanged ? 0x7fff_ffff : 0))
    }

    @Test("The recorded scripts of BDK and embit come out of the template as well")
    func peers() throws {
        struct Row: Decodable {
            let descriptor: String
            let bdk: [[String]]?
            let embit: [[String]]?
        }
        let curve = try Curve()
        let file = Vectors.repository.appending(
            path: "Tests/WalletTests/Recorded/peer-descriptors.jsonl"
        )
        let lines = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        var (bdkCount, embitCount, scriptCount, refused) = (0, 0, 0, 0)
        for line in lines.split(separator: "\n") {
            let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
            // The first key with a hardened origin is ours.
            let own = row.descriptor.split(separator: "[").dropFirst().first { $0.contains("h]") }
            guard row.bdk != nil || row.embit != nil, let own else { continue }
            let found: Case
            do {
                found = try Case(row.descriptor, own: Bytes4(hex: String(own.prefix(8))), curve)
            } catch let error as TemplateError {
                // A key path that no account of one key may have, or no way to sign at all.
                let isExpected =
                    switch error {
                    case .ownPath, .finding(.pathWithoutSignature), .unspendable: true
                    default: false
                    }
                #expect(isExpected, "\(error)")
                refused += 1
                continue
            } catch is DescriptorError {
                // embit does not look at types.
                #expect(row.bdk == nil)
                continue
            }
            var ours: [[String]] = []
            for branch in 0..<2 {
                var scripts: [String] = []
                for index in [0, 1, 2_147_483_647] as [UInt32] {
                    let branch = min(branch, found.filler.branchCount - 1)
                    scripts.append(try found.expectSame(branch, index, curve).hex)
                }
                ours.append(scripts)
            }
            scriptCount += 6
            if let bdk = row.bdk {
                #expect(bdk == Array(ours.prefix(bdk.count)), "\(row.descriptor)")
                bdkCount += 1
            }
            if let embit = row.embit {
                #expect(embit == ours, "\(row.descriptor)")
                embitCount += 1
            }
        }
        print(
            "templates: \(bdkCount) by BDK, \(embitCount) by embit, \(scriptCount) scripts,",
            "\(refused) without a template"
        )
        #expect(bdkCount == 238 && embitCount == 261 && refused == 22)
    }
}
