import Bitcoin
import BitcoinCrypto
import Bytes
import Wallet
import Wire

/// Messages: the front makes the request, and of the signatures what people pass on.
struct MessageOperations {
    let network: Network
    let wallets: WalletSet

    /// What is asked for, as an order on one of our wallets.
    func order(_ question: MessageQuestion) throws(FrontError) -> MessageOrder {
        let place = question.place
        guard let wallet = wallets.wallets.firstIndex(where: { $0.name == place.wallet }) else {
            throw .usage("no wallet is named \(place.wallet)")
        }
        let key = KeyPlace(branch: place.branch, index: place.index)
        guard Int(place.branch) < wallets.wallets[wallet].branchCount,
            place.index <= wallets.wallets[wallet].indexMax
        else { throw .usage("wallet \(place.wallet) has no such address") }
        var order = MessageOrder(
            text: Array(question.text.utf8),
            owner: Owner(wallet: wallet, place: key)
        )
        order.transactionVersion = question.transactionVersion
        order.lockTime = question.lockTime
        order.sequence = question.sequence
        let kind = wallets.wallets[wallet].kind
        guard question.coins.isEmpty || kind != .p2pkh && kind != .p2shScript else {
            throw .usage(
                "--coin: what a coin of wallet \(place.wallet) holds stands in its previous "
                    + "transaction alone; give a PSBT that has them with --from"
            )
        }
        for coin in question.coins {
            guard let txid = [UInt8](hexDigits: coin.txid), txid.count == 32,
                Int(coin.branch) < wallets.wallets[wallet].branchCount,
                coin.index <= wallets.wallets[wallet].indexMax
            else { throw .usage("a coin that cannot be: \(coin.txid):\(coin.vout)") }
            let internalOrder = [UInt8](txid.reversed())
            let id = TransactionID(Bytes32(copying: internalOrder.span))
            let amount: Amount
            do throws(BitcoinError) {
                amount = try Amount(satoshis: coin.amount)
            } catch {
                throw .usage("a coin of more than there is: \(coin.amount) sat")
            }
            order.coins.append(
                MessageOrder.ProofCoin(
                    previous: OutPoint(txid: id, vout: coin.vout),
                    amount: amount,
                    place: KeyPlace(branch: coin.branch, index: coin.index)
                )
            )
        }
        return order
    }

    /// Puts the signatures into the PSBT, verifies each, and finishes it where nobody else has to
    /// sign.
    func complete(
        _ unsigned: PSBT,
        _ request: SigningRequest,
        _ answer: SignAnswer,
        _ question: MessageQuestion,
        _ curve: borrowing Curve
    ) throws(FrontError) -> Framed<FrontReply> {
        var psbt = unsigned
        do {
            try psbt.insert(answer.signatures, for: request, wallets: wallets, curve: curve)
            try psbt.update(for: request, wallets: wallets, curve: curve)
        } catch {
            throw .failed("the signatures do not fit the message: \(error)")
        }
        var facts = MessageSignedFacts(
            format: "psbt",
            seenBefore: answer.seenBefore,
            receipt: answer.receipt
        )
        guard !question.onlyPSBT else {
            return Framed(.message(facts), attachment: psbt.bytes)
        }
        var final = psbt
        do throws(PSBTError) {
            try final.finalize(with: request.satisfier(wallets))
            let signature = try MessageSignature(of: final, full: question.full)
            (facts.signature, facts.format) = (signature.text, signature.name)
            return Framed(.message(facts))
        } catch {
            facts.missing = error.description
            return Framed(.message(facts), attachment: psbt.bytes)
        }
    }

    /// The same of a signature in the legacy format.
    func complete(
        legacy order: MessageOrder,
        _ answer: SignAnswer,
        _ curve: borrowing Curve
    ) throws(FrontError) -> Framed<FrontReply> {
        let wallet = wallets.wallets[order.owner.wallet]
        let output: ExpandedOutput
        do throws(RequestError) {
            output = try wallets.output(of: order.owner, curve: curve)
        } catch {
            throw .refused(RefusalReport(error))
        }
        guard answer.signatures.count == 1, let key = output.keys.first?.bytes,
            let signature = MessageSignature.legacy(
                answer.signatures[0],
                of: order.text,
                kind: wallet.kind,
                key: Bytes33(copying: key.span),
                curve: curve
            )
        else { throw .failed("the signature does not fit the message") }
        let facts = MessageSignedFacts(
            signature: signature.text,
            format: signature.name,
            seenBefore: answer.seenBefore,
            receipt: answer.receipt
        )
        return Framed(.message(facts))
    }
}
