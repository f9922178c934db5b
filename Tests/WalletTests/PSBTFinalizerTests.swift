import Bitcoin
import Bytes
import Foundation
import TestSupport
import Testing
import Wallet

/// What embit signed and BDK finalized (Tests/Judges/record_psbts.py).
struct RecordedPSBT: Decodable {
    let kind: String
    let signed: String
    let two: String
    let parts: [String]
    let transaction: String

    static func all() throws -> [RecordedPSBT] {
        let path = "Tests/Judges/recorded_psbts.json"
        let data = try Data(contentsOf: Vectors.repository.appending(path: path))
        return try JSONDecoder().decode([RecordedPSBT].self, from: data)
    }
}

@Suite("PSBT finalizer")
struct PSBTFinalizerTests {
    @Test("22 kinds of scripts are finalized to the very transactions that BDK makes of them")
    func kinds() throws {
        let recorded = try RecordedPSBT.all()
        #expect(recorded.count == 22)
        for one in recorded {
            for text in [one.signed, one.two] {
                var psbt = try PSBT(base64: text)
                try psbt.finalize()
                let transaction = hexText(try psbt.extract().serialized())
                #expect(transaction == one.transaction, "\(one.kind), \(psbt.version)")
                #expect(try PSBT(psbt.bytes) == psbt)
            }
        }
    }

    @Test("embit's version 2 has the fields of our conversion, and the same transaction")
    func embitTwins() throws {
        for one in try RecordedPSBT.all() {
            let ours = try PSBT(base64: one.signed).converted(to: .v2)
            let theirs = try PSBT(base64: one.two)
            #expect(ours.transaction == theirs.transaction, "\(one.kind)")
            #expect(ours.sorted == theirs.sorted, "\(one.kind)")
        }
    }

    @Test("The signers' PSBTs combined, in any order, are finalized to the same transaction")
    func parts() throws {
        var count = 0
        for one in try RecordedPSBT.all() where one.parts.count > 1 {
            let parts = try one.parts.map { try PSBT(base64: $0) }
            for order in [parts, parts.reversed()] {
                var whole = order[0]
                #expect(throws: PSBTError(.input(0), .noSignature)) {
                    var early = whole
                    try early.finalize()
                }
                for part in order.dropFirst() {
                    try whole.combine(with: part)
                }
                try whole.finalize()
                #expect(hexText(try whole.extract().serialized()) == one.transaction)
                count += 1
            }
        }
        #expect(count >= 10)
    }

    private func recorded(_ kind: String) throws -> PSBT {
        let all = try RecordedPSBT.all()
        return try PSBT(base64: try #require(all.first { $0.kind == kind }).signed)
    }

    @Test("A signature of another sighash type than the input asks for is not finalized")
    func types() throws {
        for kind in ["wpkh", "tr", "sh-multi 2of3"] {
            let right: UInt8 = kind == "tr" ? 0 : 1
            for type in [right, 0x81] {
                var psbt = try recorded(kind)
                let value: [UInt8] = [type, 0, 0, 0]
                psbt.inputs[1].map.set(PSBTField(PSBTFieldType.sighashType, value: value))
                let before = psbt
                do throws(PSBTError) {
                    try psbt.finalize()
                    #expect(type == right)
                } catch {
                    let problem = PSBTProblem.signatureType(expected: 0x81, found: UInt32(right))
                    #expect(error == PSBTError(.input(1), problem))
                    #expect(psbt == before)
                }
            }
        }
    }

    @Test("Without its scripts, or with others, an input is not finalized")
    func scripts() throws {
        for (kind, type) in [
            ("sh-multi 2of3", PSBTFieldType.redeemScript),
            ("wsh-multi 2of3", PSBTFieldType.witnessScript),
            ("sh-wsh-pkh", PSBTFieldType.witnessScript),
            ("sh-wpkh", PSBTFieldType.redeemScript),
        ] {
            var without = try recorded(kind)
            without.inputs[0].map.remove([type])
            let name = PSBTFieldName(.input, type)
            do throws(PSBTError) {
                try without.finalize(input: 0, with: KeySatisfier())
                Issue.record("\(kind) was finalized without \(name)")
            } catch {
                #expect(error.place == .input(0))
                #expect(!error.remedy.isEmpty)
            }
            var other = try recorded(kind)
            var script = try #require(other.inputs[0].map.value(type))
            script[3] ^= 1
            other.inputs[0].map.set(PSBTField(type, value: script))
            do throws(PSBTError) {
                try other.finalize()
                Issue.record("\(kind) was finalized with another script")
            } catch {
                #expect(error.field == name)
            }
        }
    }

    @Test("What keys alone do not spend is asked of the satisfier, in its context")
    func seam() throws {
        // OP_1 in each wrapping: the satisfier is asked once for each, and decides.
        var psbt = try recorded("wsh-pk")
        #expect(throws: Never.self) {
            var plain = psbt
            try plain.finalize(with: KeySatisfier())
        }
        let satisfier = FixedSatisfier(items: [[7], []])
        try psbt.finalize(with: satisfier)
        let witness = try psbt.extract().inputs[0].witness
        #expect(witness.count == 3)
        #expect(witness[0] == [7])
        #expect(witness[1] == [])
        var none = try recorded("wsh-pk")
        #expect(throws: PSBTError(.input(0), .noSignature)) {
            try none.finalize(with: FixedSatisfier(items: nil))
        }
        var legacy = try recorded("sh-pk")
        try legacy.finalize(
            with: FixedSatisfier(items: [[7], [], [0x81], [UInt8](repeating: 1, count: 80)])
        )
        let pushes = try legacy.extract().inputs[0].script
        #expect(pushes.starts(with: [0x57, 0x00, 0x4f, 0x4c, 80]))
        var long = try recorded("sh-pk")
        #expect(throws: PSBTError(.input(0), .pushTooLong(count: 521, limit: 520))) {
            try long.finalize(
                with: FixedSatisfier(items: [[UInt8](repeating: 1, count: 521)])
            )
        }
    }

    @Test("Of several leaves the one with the fewest bytes is spent; a false leaf version is none")
    func leaves() throws {
        var psbt = try recorded("tr")
        psbt.inputs[0].map.remove([PSBTFieldType.tapKeySignature])
        let control = [UInt8](repeating: 0x50, count: 65)
        let long = PSBTField(
            PSBTFieldType.tapLeafScript,
            keyData: [0xc0] + control.dropFirst(1),
            value: [0x51, 0x51, 0xc0]
        )
        let short = PSBTField(
            PSBTFieldType.tapLeafScript,
            keyData: [0xc1] + [UInt8](repeating: 0x50, count: 32),
            value: [0x52, 0xc0]
        )
        psbt.inputs[0].map.set(long)
        psbt.inputs[0].map.set(short)
        var keysOnly = psbt
        #expect(throws: PSBTError(.input(0), .noSignature)) { try keysOnly.finalize() }
        var finished = psbt
        try finished.finalize(with: FixedSatisfier(items: [[9]]))
        #expect(try finished.extract().inputs[0].witness == [[9], [0x52], short.keyData])
        psbt.inputs[0].map.set(
            PSBTField(PSBTFieldType.tapLeafScript, keyData: short.keyData, value: [0x52, 0xc2])
        )
        #expect(throws: PSBTError.self) {
            try psbt.finalize(with: FixedSatisfier(items: [[9]]))
        }
    }
}

/// Says the same for every script.
private struct FixedSatisfier: ScriptSatisfier {
    let items: [[UInt8]]?

    func items(
        for script: [UInt8],
        in context: SpendContext,
        knowing known: SpendKnowledge
    ) -> [[UInt8]]? { items }
}
