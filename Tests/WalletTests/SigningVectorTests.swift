import Bitcoin
import Bytes
import Foundation
import TestSupport
import Testing
import Wallet

@Suite("Whole signings", .enabled(if: Vectors.present, Vectors.reason))
struct SigningVectorTests {
    private struct JadeCase: Decodable {
        struct Input: Decodable {
            let psbt: String
        }
        struct Output: Decodable {
            let psbt: String
            let txn: String
        }
        let input: Input
        let expected_output: Output
    }

    @Test(
        "Jade's PSBTs are signed, put together and finished to the very bytes that Jade gives",
        arguments: [
            ("psbt_ss_p2wpkh.json", OutputKind.p2wpkh, "84h/1h/0h"),
            ("psbt_ss_p2tr_default_all.json", OutputKind.p2tr, "86h/1h/0h"),
        ]
    )
    func jade(file: String, kind: OutputKind, account: String) throws {
        let one: JadeCase = try Vectors.json("bitcoin/jade/\(file)")
        let signer = try TestSigner(TestSigner.jade)
        #expect(try signer.masterFingerprint().hex == "59d1f3b0")
        var wallets = WalletSet([try signer.wallet("jade", kind, path: path(account))])
        var psbt = try PSBT(base64: one.input.psbt)
        let request = try SigningRequest(
            psbt,
            wallets: &wallets,
            network: .regtest,
            curve: signer.curve
        )
        #expect(request.parents.count == (kind == .p2wpkh ? 2 : 0))
        let signatures = try signer.sign(request.resolved, wallets: wallets.wallets)
        try psbt.insert(signatures, for: request, wallets: wallets, curve: signer.curve)
        #expect(psbt.base64 == one.expected_output.psbt)
        try psbt.finalize()
        #expect(hexText(try psbt.extract().serialized()) == one.expected_output.txn)
        Vectors.report("jade", "\(file) signed and finished to the byte")
    }

    @Test(
        "The demonstration payments that BDK made, with their parents, are signed and finished",
        arguments: [
            ("payment-segwit.psbt", OutputKind.p2wpkh, "84h/1h/0h", 2),
            ("payment-taproot.psbt", OutputKind.p2tr, "86h/1h/0h", 0),
        ]
    )
    func bdk(file: String, kind: OutputKind, account: String, parents: Int) throws {
        let text = try String(
            contentsOf: Vectors.repository.appending(path: "demo/\(file)"),
            encoding: .utf8
        )
        let signer = try TestSigner(TestSigner.abandon)
        var wallets = WalletSet([try signer.wallet("demo", kind, path: path(account))])
        var psbt = try PSBT(base64: text)
        let seen = try PSBTInspection(
            psbt,
            wallets: &wallets,
            network: .regtest,
            curve: signer.curve
        )
        #expect(psbt.inputs.allSatisfy { $0.provenCoin != nil }, "with its parents")
        #expect(seen.inputs.allSatisfy { $0.owner?.wallet == "demo" })
        #expect(seen.outputs.count { $0.owner == nil } == 1)
        let request = try SigningRequest(
            psbt,
            wallets: &wallets,
            network: .regtest,
            curve: signer.curve
        )
        #expect(request.parents.count == parents)
        let signatures = try signer.sign(request.resolved, wallets: wallets.wallets)
        try psbt.insert(signatures, for: request, wallets: wallets, curve: signer.curve)
        try psbt.finalize()
        let signed = try psbt.extract()
        let weight = 3 * signed.serialized(witness: false).count + signed.serialized().count
        #expect((weight + 3) / 4 == seen.virtualByteCount)
    }

    @Test("A signature that is spoiled, swapped or missing is not put into the PSBT")
    func spoiled() throws {
        let one: JadeCase = try Vectors.json("bitcoin/jade/psbt_ss_p2wpkh.json")
        let signer = try TestSigner(TestSigner.jade)
        var wallets = WalletSet([try signer.wallet("w", .p2wpkh, path: path("84h/1h/0h"))])
        var psbt = try PSBT(base64: one.input.psbt)
        let request = try SigningRequest(
            psbt,
            wallets: &wallets,
            network: .regtest,
            curve: signer.curve
        )
        let good = try signer.sign(request.resolved, wallets: wallets.wallets)
        let before = psbt
        var flipped = good
        flipped[1][40] ^= 1
        #expect(throws: RequestError.psbt(PSBTError(.input(1), .signatureInvalid))) {
            try psbt.insert(flipped, for: request, wallets: wallets, curve: signer.curve)
        }
        #expect(psbt == before)
        #expect(throws: RequestError.psbt(PSBTError(.input(0), .signatureInvalid))) {
            try psbt.insert(good.reversed(), for: request, wallets: wallets, curve: signer.curve)
        }
        #expect(throws: RequestError.signatureCount(expected: 2, found: 1)) {
            try psbt.insert([good[0]], for: request, wallets: wallets, curve: signer.curve)
        }
        try psbt.insert(good, for: request, wallets: wallets, curve: signer.curve)
        psbt.inputs[1].map.remove([PSBTFieldType.partialSignature])
        #expect(throws: PSBTError(.input(1), .noSignature)) { try psbt.finalize() }
        // Nothing is finalized unless all is.
        #expect(psbt.inputs.map(\.isFinal) == [false, false])
        #expect(throws: PSBTError(.input(0), .notFinal)) { try psbt.extract() }
        // What is ready can be, and what is not is told.
        let left = psbt.finalizeWhatIsReady(with: KeySatisfier())
        #expect(left == [PSBTError(.input(1), .noSignature)])
        #expect(throws: PSBTError(.input(1), .notFinal)) { try psbt.extract() }
    }

    @Test("The combiner of BIP-174 makes the PSBTs of its two examples")
    func combiner() throws {
        let cases = try PSBTCase.all("bip-0174")
        let psbt = { (index: Int) in
            try PSBT([UInt8](hex: try #require(cases.first { $0.index == index }).hex))
        }
        for (one, other, together) in [(37, 38, 39), (42, 43, 44)] {
            var combined = try psbt(one)
            try combined.combine(with: try psbt(other))
            let expected = try psbt(together)
            #expect(
                combined.inputs.map(\.map.fields.count) == expected.inputs.map(\.map.fields.count)
            )
            #expect(combined.bytes.count == expected.bytes.count)
            if one == 42 { #expect(combined.bytes == expected.bytes) }
        }
        var first = try psbt(37)
        #expect(throws: PSBTError(.whole, .otherTransaction)) {
            try first.combine(with: try psbt(42))
        }
    }

    @Test("The extractor of BIP-174 gives its transaction")
    func extractor() throws {
        let cases = try PSBTCase.all("bip-0174")
        let final = try #require(cases.first { $0.index == 40 })
        let transaction = try #require(cases.first { $0.index == 41 })
        let extracted = try PSBT([UInt8](hex: final.hex)).extract()
        #expect(hexText(extracted.serialized()) == transaction.hex)
    }
}
