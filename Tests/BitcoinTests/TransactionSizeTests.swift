import Bitcoin
import Testing

@Suite("Transaction size")
struct TransactionSizeTests {
    private func size(inputs: [(OutputKind, SighashType)], outputs: [Int]) -> TransactionSize {
        var size = TransactionSize(inputCount: inputs.count, outputCount: outputs.count)
        for (kind, type) in inputs {
            size.addInput(kind, type: type)
        }
        for count in outputs {
            size.addOutput(scriptByteCount: count)
        }
        return size
    }

    @Test("One P2WPKH input and two P2WPKH outputs weigh 561, which is 141 virtual bytes")
    func p2wpkh() {
        let one = size(inputs: [(.p2wpkh, .all)], outputs: [22, 22])
        #expect(one.weight == 4 * (10 + 41 + 62) + 2 + 107)
        #expect(one.virtualByteCount == 141)
    }

    @Test("A taproot input weighs one more with ALL than with DEFAULT")
    func taproot() {
        let plain = size(inputs: [(.p2tr, .default)], outputs: [34])
        #expect(plain.weight == 444)
        #expect(plain.virtualByteCount == 111)
        #expect(size(inputs: [(.p2tr, .all)], outputs: [34]).weight == 445)
        #expect(size(inputs: [(.p2tr, .all)], outputs: [34]).virtualByteCount == 112)
    }

    @Test("Counts and scripts of 253 and more take two bytes more")
    func widths() {
        let many = { (count: Int) in
            size(inputs: Array(repeating: (.p2tr, .default), count: count), outputs: [34]).weight
        }
        #expect(many(252) - many(251) == 4 * 41 + 66)
        #expect(many(253) - many(252) == 4 * 43 + 66)
        let long = { (count: Int) in
            size(inputs: [(.p2tr, .default)], outputs: [count]).weight
        }
        #expect(long(252) - long(251) == 4)
        #expect(long(253) - long(252) == 4 * 3)
    }

    @Test("A P2PKH input weighs 4 times 148 bytes, and there is no marker of a witness")
    func p2pkh() {
        // 41 bytes with an empty script, pushes of a signature of 71 bytes and of the key.
        #expect(size(inputs: [(.p2pkh, .all)], outputs: [25]).weight == 4 * (10 + 41 + 106 + 34))
    }

    @Test("A P2SH-P2WPKH input weighs what the inner one does, and four times the push of it")
    func nested() {
        let plain = size(inputs: [(.p2wpkh, .all)], outputs: [22]).weight
        #expect(size(inputs: [(.p2shP2WPKH, .all)], outputs: [22]).weight == plain + 4 * 23)
    }

    @Test("A script's satisfaction weighs what the template says, with a marker but for P2SH")
    func scripts() {
        func weight(_ kind: OutputKind) -> Int {
            var size = TransactionSize(inputCount: 2, outputCount: 1)
            size.addInput(kind, satisfactionWeight: 1_000)
            size.addInput(kind, satisfactionWeight: 7)
            size.addOutput(scriptByteCount: 34)
            return size.weight
        }
        #expect(weight(.p2shScript) == 4 * (10 + 82 + 43) + 1_007)
        for kind in [OutputKind.p2wshScript, .p2shP2WSHScript, .p2trTree] {
            #expect(weight(kind) == 4 * (10 + 82 + 43) + 1_007 + 2)
        }
    }

    @Test("The key path of a tree weighs as that of a key")
    func keyPath() {
        for type in [SighashType.default, .all] {
            let plain = size(inputs: [(.p2tr, type)], outputs: [34]).weight
            #expect(size(inputs: [(.p2trTree, type)], outputs: [34]).weight == plain)
        }
    }
}
