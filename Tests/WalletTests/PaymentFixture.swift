import Bitcoin
import BitcoinCrypto
import Bytes
import Testing
import Wallet

/// Makes PSBTs as a wallet would: coins of ours in previous transactions, a payment, change.
struct PaymentFixture {
    struct Input {
        var wallet: RegisteredWallet
        var place: KeyPlace
        var amount: UInt64 = 100_000
        var hasParent = true
        var hasClaim = false
        var derivation: KeyDerivation?
        var sighashType: UInt32?

        init(_ wallet: RegisteredWallet, _ branch: UInt8, _ index: UInt32) {
            self.wallet = wallet
            place = KeyPlace(branch: branch, index: index)
            let hasOrigin = wallet.descriptor.keys[0].origin != nil
            derivation = hasOrigin ? wallet.derivation(place) : nil
        }
    }

    struct Output {
        var script: [UInt8]
        var amount: UInt64
        var derivation: KeyDerivation?
    }

    /// A script of somebody else.
    static let foreign = [UInt8]([0x00, 0x14]) + [UInt8](repeating: 0x77, count: 20)

    var inputs: [Input]
    var outputs: [Output] = [Output(script: foreign, amount: 50_000)]
    var lockTime: UInt32 = 0
    /// So many inputs spend one previous transaction.
    var inputsPerParent = 1
    /// Outputs of each previous transaction beyond those that are spent.
    var fillerOutputs = 1

    func make(_ curve: borrowing Curve) throws -> PSBT {
        var coins: [Coin] = []
        for input in inputs {
            coins.append(
                Coin(
                    amount: try Amount(satoshis: input.amount),
                    script: try input.wallet.script(input.place, curve: curve)
                )
            )
        }
        let filler = Coin(amount: try Amount(satoshis: 7), script: Self.foreign)
        var parents: [Transaction] = []
        for start in stride(from: 0, to: inputs.count, by: inputsPerParent) {
            let own = coins[start..<min(inputs.count, start + inputsPerParent)]
            parents.append(parent(number: start, outputs: Array(own), filler))
        }
        let ids = parents.map(\.id)
        let transaction = Transaction(
            version: 2,
            inputs: inputs.indices.map { index in
                Transaction.Input(
                    previous: OutPoint(
                        txid: ids[index / inputsPerParent],
                        vout: UInt32(index % inputsPerParent)
                    ),
                    sequence: 0xffff_fffd
                )
            },
            outputs: try outputs.map {
                Coin(amount: try Amount(satoshis: $0.amount), script: $0.script)
            },
            lockTime: lockTime
        )
        var psbt = PSBT(unsigned: transaction)
        let parentBytes = parents.map { $0.serialized() }
        for (index, input) in inputs.enumerated() {
            fill(&psbt.inputs[index].map, input, coins[index], parentBytes[index / inputsPerParent])
        }
        for (index, output) in outputs.enumerated() {
            guard let derivation = output.derivation else { continue }
            let isTaproot = output.script.count == 34
            psbt.outputs[index].map.set(field(derivation, isTaproot, input: false))
        }
        return try PSBT(psbt.bytes)
    }

    private func parent(number: Int, outputs: [Coin], _ filler: Coin) -> Transaction {
        var seed: [UInt8] = []
        seed.append(number: UInt64(number))
        return Transaction(
            version: 2,
            inputs: [
                Transaction.Input(
                    previous: OutPoint(txid: TransactionID(SHA256.hash(seed.span)), vout: 0),
                    sequence: 0,
                    // A witness, which the request must leave out.
                    witness: [[1, 2, 3]]
                )
            ],
            outputs: outputs + Array(repeating: filler, count: fillerOutputs),
            lockTime: 0
        )
    }

    private func fill(_ map: inout PSBTMap, _ input: Input, _ coin: Coin, _ parent: [UInt8]) {
        if input.hasParent {
            map.set(PSBTField(PSBTFieldType.nonWitnessUTXO, value: parent))
        }
        if input.hasClaim {
            var value: [UInt8] = []
            value.append(number: coin.amount.satoshis)
            value.append(vector: coin.script)
            map.set(PSBTField(PSBTFieldType.witnessUTXO, value: value))
        }
        if let type = input.sighashType {
            var value: [UInt8] = []
            value.append(number: type)
            map.set(PSBTField(PSBTFieldType.sighashType, value: value))
        }
        if let derivation = input.derivation {
            map.set(field(derivation, input.wallet.kind == .p2tr, input: true))
        }
    }

    /// A derivation; the key in it does not matter to us and is made up.
    private func field(_ derivation: KeyDerivation, _ isTaproot: Bool, input: Bool) -> PSBTField {
        if isTaproot {
            return PSBTField(
                input ? PSBTFieldType.inputTapDerivation : PSBTFieldType.outputTapDerivation,
                keyData: [UInt8](repeating: 9, count: 32),
                value: [0] + derivation.psbtBytes
            )
        }
        return PSBTField(
            input ? PSBTFieldType.inputDerivation : PSBTFieldType.outputDerivation,
            keyData: [2] + [UInt8](repeating: 9, count: 32),
            value: derivation.psbtBytes
        )
    }
}
