package import Bitcoin
package import BitcoinCrypto
private import Bytes

/// A message that an address of ours is to sign.
package struct MessageOrder: Equatable, Sendable {
    /// A coin of the same wallet that a proof of funds shows.
    package struct ProofCoin: Equatable, Sendable {
        package var previous: OutPoint
        package var amount: Amount
        package var place: KeyPlace

        package init(previous: OutPoint, amount: Amount, place: KeyPlace) {
            self.previous = previous
            self.amount = amount
            self.place = place
        }
    }

    package var text: [UInt8]
    package var owner: Owner
    package var transactionVersion: UInt32 = 0
    package var lockTime: UInt32 = 0
    package var sequence: UInt32 = 0
    package var coins: [ProofCoin] = []

    package init(text: [UInt8], owner: Owner) {
        self.text = text
        self.owner = owner
    }

    /// Who owns the inputs of `to_sign`.
    package var owners: [Owner] {
        [owner] + coins.map { Owner(wallet: owner.wallet, place: $0.place) }
    }

    /// `to_spend` of BIP-322 for an address's script.
    package static func toSpend(_ text: [UInt8], script: [UInt8]) -> Transaction {
        let hash = TaggedHash.hash(tag: "BIP0322-signed-message", text.span).array
        let nothing = OutPoint(txid: TransactionID(.zero), vout: .max)
        let input = Transaction.Input(previous: nothing, script: [0, 32] + hash, sequence: 0)
        let output = Coin(amount: .zero, script: script)
        return Transaction(version: 0, inputs: [input], outputs: [output], lockTime: 0)
    }

    /// What `to_sign` pays.
    package static let toSignOutput = Coin(amount: .zero, script: [SignedMessage.toSignOutput])

    /// A PSBT of `to_sign` as BIP-322 has it, with the text in it.
    package func psbt(
        _ wallets: WalletSet,
        curve: borrowing Curve
    ) throws(RequestError) -> PSBT {
        let address = try wallets.output(of: owner, curve: curve)
        let spent = Self.toSpend(text, script: address.script)
        var inputs = [
            Transaction.Input(previous: OutPoint(txid: spent.id, vout: 0), sequence: sequence)
        ]
        inputs += coins.map { Transaction.Input(previous: $0.previous, sequence: sequence) }
        let transaction = Transaction(
            version: transactionVersion,
            inputs: inputs,
            outputs: [Self.toSignOutput],
            lockTime: lockTime
        )
        var psbt = PSBT(unsigned: transaction)
        psbt.global.set(PSBTField(PSBTFieldType.signedMessage, value: text))
        do throws(PSBTError) {
            var update = PSBTInputUpdate()
            update.parent = spent.serialized()
            try psbt.update(input: 0, with: update)
            for (place, coin) in coins.enumerated() {
                let owner = Owner(wallet: owner.wallet, place: coin.place)
                let script = try script(of: owner, wallets, curve)
                var update = PSBTInputUpdate()
                update.coin = Coin(amount: coin.amount, script: script.script)
                update.facts.redeemScript = script.redeemScript
                try psbt.update(input: place + 1, with: update)
            }
        } catch {
            throw .psbt(error)
        }
        return psbt
    }

    private func script(
        of owner: Owner,
        _ wallets: WalletSet,
        _ curve: borrowing Curve
    ) throws(PSBTError) -> ExpandedOutput {
        do throws(RequestError) {
            return try wallets.output(of: owner, curve: curve)
        } catch {
            throw PSBTError(.whole, .notPSBT)
        }
    }
}
