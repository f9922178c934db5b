import Bitcoin
import BitcoinCrypto

/// The part of a PSBT that a request is about: all of it, or, where others bring inputs as well,
/// one input of ours that is signed with ANYONECANPAY. Its signature fixes no other input, so the
/// request says none, and its digest is that of the whole PSBT all the same (BIP-143, BIP-341).
package struct SignedPart: Equatable, Sendable {
    package let transaction: Transaction
    /// The places of its inputs in the PSBT.
    package let inputs: [Int]
    /// The places of its outputs in the PSBT.
    package let outputs: [Int]

    /// All of a transaction.
    init(all transaction: Transaction) {
        self.transaction = transaction
        inputs = Array(transaction.inputs.indices)
        outputs = Array(transaction.outputs.indices)
    }

    /// What a signature of one input of a PSBT is about, as far as a request can say it: with the
    /// outputs as they stand, or for SINGLE the one at the input's place alone. Nothing where it is
    /// the only input, its type fixes the others, or it has no output at its place.
    package init?(of psbt: PSBT, alone index: Int) {
        let whole = psbt.transaction
        guard whole.inputs.count > 1, let type = psbt.inputs[index].sighashType, type.anyoneCanPay
        else { return nil }
        inputs = [index]
        if type.signsSingleOutput {
            guard whole.outputs.indices.contains(index) else { return nil }
            outputs = [index]
        } else {
            outputs = Array(whole.outputs.indices)
        }
        transaction = Transaction(
            version: whole.version,
            inputs: [whole.inputs[index]],
            outputs: outputs.map { whole.outputs[$0] },
            lockTime: whole.lockTime
        )
    }

    /// What is to be signed of a PSBT. Two inputs of ours beside others' are refused: with two
    /// signatures, each for an input alone, somebody could make two transactions that do not
    /// exclude one another.
    init(
        of psbt: PSBT,
        _ wallets: inout WalletSet,
        _ curve: borrowing Curve
    ) throws(RequestError) {
        self.init(all: psbt.transaction)
        let types = psbt.inputs.map { $0.sighashType ?? .all }
        guard types.count > 1, types.contains(where: \.anyoneCanPay) else { return }
        var ours: [(index: Int, kind: OutputKind)] = []
        for (index, input) in psbt.inputs.enumerated() {
            guard let coin = input.coin else { return }
            let owner = try wallets.owner(
                of: coin.script,
                derivations: input.derivations,
                at: .input(index),
                curve: curve
            )
            if let owner { ours.append((index, wallets.wallets[owner.wallet].kind)) }
        }
        guard ours.count < types.count,
            let (index, kind) = ours.first(where: { types[$0.index].anyoneCanPay })
        else { return }
        guard ours.count == 1 else { throw .severalAlone(input: index, found: ours.count) }
        // Outside of segwit the digest says at which place the output is.
        let isLegacy = kind == .p2pkh || kind == .p2shScript
        guard index == 0 || !isLegacy || !types[index].signsSingleOutput else {
            throw .singleNotFirst(input: index)
        }
        guard let part = SignedPart(of: psbt, alone: index) else {
            throw .singleWithoutOutput(input: index, count: psbt.outputs.count)
        }
        self = part
    }
}
