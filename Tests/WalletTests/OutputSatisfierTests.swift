import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing
import Wallet

@Suite("Finalizing what descriptors say")
final class OutputSatisfierTests {
    private let curve: Curve
    private let keys: [[UInt8]]
    /// What a signature looks like; the finalizer does not judge it.
    private let ecdsa: [UInt8] = [0x30, 6, 2, 1, 1, 2, 1, 1, 1]
    private let schnorr = [UInt8](repeating: 8, count: 64)

    init() throws {
        let curve = try Curve()
        keys = try (1...3).map { number in
            let secret = [UInt8](repeating: UInt8(number), count: 32)
            return [UInt8](copying: try curve.publicKey(ofSecret: secret.span).span)
        }
        self.curve = curve
    }

    /// An unsigned PSBT that spends the output of a descriptor, with its scripts; its satisfier.
    private func spend(
        _ text: String,
        sequence: UInt32 = 0xffff_fffd,
        lockTime: UInt32 = 0
    ) throws -> (psbt: PSBT, satisfier: OutputSatisfier, output: ExpandedOutput) {
        let descriptor = try OutputDescriptor(text, network: .test, curve: curve)
        let output = try descriptor.outputs(place: 0, index: 0, curve: curve)[0]
        let coin = Coin(amount: try Amount(satoshis: 10_000), script: output.script)
        let parent = Transaction(
            version: 2,
            inputs: [.init(previous: OutPoint(txid: .init(.zero), vout: 0), sequence: 0)],
            outputs: [coin],
            lockTime: 0
        )
        let previous = OutPoint(txid: parent.id, vout: 0)
        var psbt = PSBT(
            unsigned: Transaction(
                version: 2,
                inputs: [.init(previous: previous, sequence: sequence)],
                outputs: [Coin(amount: try Amount(satoshis: 9_000), script: output.script)],
                lockTime: lockTime
            ),
            version: .v2
        )
        var update = PSBTInputUpdate()
        update.parent = parent.serialized()
        update.facts.redeemScript = output.redeemScript
        update.facts.witnessScript = output.witnessScript
        if let taproot = output.taproot {
            let publicKeys = output.keys.map(\.bytes)
            update.tapLeaves = descriptor.scripts.enumerated().map { leaf, script in
                PSBTTapLeaf(
                    controlBlock: taproot.controlBlock(of: leaf),
                    script: script.script(publicKeys: publicKeys)
                )
            }
        }
        try psbt.update(input: 0, with: update)
        var satisfier = OutputSatisfier()
        satisfier.add(descriptor, keys: output.keys)
        return (psbt, satisfier, output)
    }

    private func hex(_ number: Int) -> String { hexText(keys[number]) }

    @Test("A relative lock is spent by its sequence, and not one block before")
    func older() throws {
        let text = "wsh(and_v(v:pk(\(hex(0))),older(10)))"
        for (sequence, isSpent) in [(UInt32(10), true), (9, false), (0x8000_000a, false)] {
            var (psbt, satisfier, output) = try spend(text, sequence: sequence)
            let field = PSBTField(PSBTFieldType.partialSignature, keyData: keys[0], value: ecdsa)
            psbt.inputs[0].map.set(field)
            var plain = psbt
            #expect(throws: PSBTError(.input(0), .noSignature)) { try plain.finalize() }
            let script = try #require(output.witnessScript)
            do throws(PSBTError) {
                try psbt.finalize(with: satisfier)
                #expect(isSpent)
                #expect(try psbt.extract().inputs[0].witness == [ecdsa, script])
            } catch {
                #expect(!isSpent)
                #expect(error == PSBTError(.input(0), .noSignature))
            }
        }
    }

    @Test("A hash lock is spent by the preimage in the PSBT", arguments: ["wsh", "sh(wsh"])
    func hash(_ wrapping: String) throws {
        let preimage = [UInt8](repeating: 5, count: 32)
        let digest = [UInt8](copying: SHA256.hash(preimage.span).span)
        let closing = wrapping == "wsh" ? "" : ")"
        let script = "and_v(v:pk(\(hex(0))),sha256(\(hexText(digest))))"
        var (psbt, satisfier, output) = try spend("\(wrapping)(\(script))\(closing)")
        let field = PSBTField(PSBTFieldType.partialSignature, keyData: keys[0], value: ecdsa)
        psbt.inputs[0].map.set(field)
        #expect(throws: PSBTError(.input(0), .noSignature)) {
            try psbt.finalize(with: satisfier)
        }
        psbt.inputs[0].map.set(
            PSBTField(PSBTFieldType.sha256Preimage, keyData: digest, value: preimage)
        )
        try psbt.finalize(with: satisfier)
        let signed = try PSBT(psbt.bytes).extract().inputs[0]
        #expect(signed.witness == [preimage, ecdsa, try #require(output.witnessScript)])
        let redeem = output.redeemScript.map { [UInt8(0x22)] + $0 } ?? []
        #expect(signed.script == redeem)
    }

    @Test("Of a tree the leaf whose key has signed is spent, with its control block")
    func leaves() throws {
        let text = "tr(\(hex(0)),{pk(\(hex(1))),pk(\(hex(2)))})"
        var (psbt, satisfier, output) = try spend(text)
        #expect(throws: PSBTError(.input(0), .noSignature)) {
            try psbt.finalize(with: satisfier)
        }
        let leaf = [UInt8(0x20)] + keys[2].dropFirst() + [0xac]
        let tagged = [UInt8(0xc0), UInt8(leaf.count)] + leaf
        let leafHash = [UInt8](copying: TaggedHash.hash(tag: "TapLeaf", tagged.span).span)
        // A signature for another leaf is none for this one.
        let field = { [keys, schnorr] (hash: [UInt8]) in
            PSBTField(
                PSBTFieldType.tapScriptSignature,
                keyData: keys[2].dropFirst() + hash,
                value: schnorr
            )
        }
        psbt.inputs[0].map.set(field([UInt8](repeating: 1, count: 32)))
        #expect(throws: PSBTError(.input(0), .noSignature)) {
            try psbt.finalize(with: satisfier)
        }
        psbt.inputs[0].map.set(field(leafHash))
        try psbt.finalize(with: satisfier)
        let control = try #require(output.taproot).controlBlock(of: 1)
        #expect(try PSBT(psbt.bytes).extract().inputs[0].witness == [schnorr, leaf, control])
    }
}
