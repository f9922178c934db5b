package import Bitcoin
package import BitcoinCrypto
private import Bytes
private import Policy
private import Wire

/// Requests for messages (docs/protocol.md, section 3).
extension SigningRequest {
    /// Makes the request that signs the message of a BIP-322 PSBT, whose inputs must all be of one
    /// wallet of ours. What the signer builds from it must be the PSBT's transaction. `owners` are
    /// those of the inputs where they are known; else they are searched for.
    package init(
        message psbt: PSBT,
        owners: [Owner] = [],
        wallets: inout WalletSet,
        network: Network,
        curve: borrowing Curve
    ) throws(RequestError) {
        let (text, coins) = try Self.message(of: psbt)
        let part = SignedPart(all: psbt.transaction)
        let plans = try Self.plans(psbt, part, coins, &wallets, network, curve, owners: owners)
        let wallet = wallets.wallets[plans[0].owned.owner.wallet]
        for (place, plan) in plans.enumerated()
        where plan.owned.owner.wallet != plans[0].owned.owner.wallet {
            throw .message("input \(place) is of another wallet than '\(wallet.name)'")
        }
        let kinds = plans.map { wallets.wallets[$0.owned.owner.wallet].kind }
        let types = try Self.sighashTypes(psbt, part, kinds)
        let place = plans[0].owned.owner.place
        var fields = MessageFields(
            network: network.rawValue,
            format: plans.count == 1 ? .bip322 : .proofOfFunds,
            walletID: wallet.id,
            branch: place.branch,
            index: place.index
        )
        if case .leaf(_, let hash) = plans[0].selector { fields.leafHash = hash }
        fields.transactionVersion = psbt.transaction.version
        fields.lockTime = psbt.transaction.lockTime
        fields.sequence = psbt.transaction.inputs[0].sequence
        var resolved = try Self.resolved(fields, text)
        resolved.append(number: UInt16(plans.count - 1))
        for index in plans.indices.dropFirst() {
            let input = psbt.transaction.inputs[index]
            resolved.append(fixed: input.previous.txid.bytes)
            resolved.append(number: input.previous.vout)
            resolved.append(number: input.sequence)
            resolved.append(number: coins[index].amount.satoshis)
            resolved.append(0)
            resolved.append(plans[index].owned.owner.place.branch)
            resolved.append(number: plans[index].owned.owner.place.index)
            resolved.append(UInt8(types[index].rawValue))
            switch plans[index].selector {
            case .only: resolved.append(0)
            case .leaf(_, let hash):
                resolved.append(1)
                resolved.append(fixed: hash)
            }
        }
        self.init(
            resolved: resolved,
            plans: plans,
            sighashTypes: types,
            transaction: psbt.transaction
        )
    }

    /// The bytes of a request that signs in the legacy format.
    package static func legacyMessage(
        _ order: MessageOrder,
        _ wallets: WalletSet,
        network: Network
    ) throws(RequestError) -> [UInt8] {
        let fields = MessageFields(
            network: network.rawValue,
            format: .legacy,
            walletID: wallets.wallets[order.owner.wallet].id,
            branch: order.owner.place.branch,
            index: order.owner.place.index
        )
        var resolved = try resolved(fields, order.text)
        resolved.append(number: UInt16(0))
        var bytes: [UInt8] = []
        bytes.append(number: UInt32(resolved.count))
        bytes += resolved
        bytes.append(number: UInt16(0))
        return bytes
    }

    /// The text and what is spent, if it is a PSBT as BIP-322 describes it.
    private static func message(of psbt: PSBT) throws(RequestError) -> ([UInt8], [Coin]) {
        guard let text = psbt.global.value(PSBTFieldType.signedMessage) else {
            throw .message("no message in the PSBT (PSBT_GLOBAL_GENERIC_SIGNED_MESSAGE)")
        }
        do throws(PSBTError) {
            try psbt.checkForSigning()
        } catch {
            throw .psbt(error)
        }
        var coins: [Coin] = []
        for (place, input) in psbt.inputs.enumerated() {
            guard !input.isFinal else { throw .alreadyFinal(input: place) }
            guard let coin = input.coin else { throw .coinUnknown(input: place) }
            coins.append(coin)
        }
        guard let address = coins.first else { throw .message("a PSBT without inputs") }
        let spent = MessageOrder.toSpend(text, script: address.script)
        guard address.amount == .zero,
            psbt.transaction.inputs[0].previous == OutPoint(txid: spent.id, vout: 0),
            psbt.transaction.outputs == [MessageOrder.toSignOutput]
        else { throw .message("the transaction is not the one of its message (BIP-322)") }
        let most = 1 + MessageRequest.inputCountMax
        guard coins.count <= most else {
            throw .count(.inputs, found: coins.count, least: 1, most: most)
        }
        return (text, coins)
    }

    private static func resolved(
        _ fields: MessageFields,
        _ text: [UInt8]
    ) throws(RequestError) -> [UInt8] {
        let most = MessageRequest.textByteCountMax
        guard text.count <= most else {
            throw .message("a message of \(text.count) bytes; expected at most \(most)")
        }
        var bytes = [UInt8](repeating: 0, count: 128 + text.count)
        var room = bytes.mutableSpan
        let count = room.write { writer throws(ByteError) in
            try fields.write(text: text.span, to: &writer)
        }
        return Array(bytes[..<count])
    }
}
