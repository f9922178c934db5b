private import Bitcoin
private import Wallet

/// What the command line makes of the front's answers. The front is not trusted: it can lie about
/// all that it reports, so nothing of it is handed on that was not held against what is known here.
package enum Answer {
    /// An answer that cannot be true.
    package static func mismatch(_ what: String) -> FrontError {
        .refused(
            RefusalReport(
                .answerMismatch,
                message: "THE FRONT ANSWERS WITH \(what) THAT CANNOT BE TRUE: use nothing of it",
                remedy: "stop the appliance: its front may be in other hands"
            )
        )
    }

    /// Throws unless the answer is about the payment that was given: the receipt, whose signature
    /// was verified before, its transaction, its fee, and the result itself.
    package static func check(
        _ facts: SignedFacts,
        _ signed: [UInt8],
        _ receipt: Receipt,
        against given: [UInt8],
        finalize: Bool
    ) throws(FrontError) {
        guard let asked = unsignedTransaction(given) else {
            throw mismatch("a result for what is no PSBT")
        }
        let txid = asked.id.description
        let leaf = try LeafFacts(reading: receipt.leaf)
        guard leaf.kind == "decision", leaf.verdict == "allow", leaf.txid == txid else {
            throw mismatch("a receipt of another payment")
        }
        guard facts.txid == txid, facts.fee == leaf.fee else {
            throw mismatch("another transaction id or fee")
        }
        // What a signature leaves open must be what the PSBT asked to leave open.
        guard leaf.sighashes ?? [] == SighashPermission.names(Self.sighashes(given)) else {
            throw mismatch("signatures of another sighash type")
        }
        guard facts.finalized == finalize else { throw mismatch("another kind of result") }
        if finalize {
            // A scriptSig changes the id; what was asked for has none (protocol.md, section 3).
            guard unsigned(signed) == asked else { throw mismatch("another transaction") }
        } else {
            guard unsignedTransaction(signed) == asked else { throw mismatch("another payment") }
        }
    }

    /// The types beside ALL and DEFAULT that a PSBT asks for.
    private static func sighashes(_ psbt: [UInt8]) -> UInt8 {
        do {
            let inputs = try PSBT(binary: psbt).inputs
            return inputs.reduce(0) { $0 | ($1.sighashType?.permission ?? 0) }
        } catch {
            return 0
        }
    }

    private static func unsignedTransaction(_ psbt: [UInt8]) -> Transaction? {
        do {
            return try PSBT(binary: psbt).transaction
        } catch {
            return nil
        }
    }

    /// The transaction as it was before it was signed.
    private static func unsigned(_ bytes: [UInt8]) -> Transaction? {
        do {
            var transaction = try Transaction(bytes, form: .network)
            for index in transaction.inputs.indices {
                transaction.inputs[index].script = []
                transaction.inputs[index].witness = []
            }
            return transaction
        } catch {
            return nil
        }
    }

    /// The id of a finished transaction, as explorers print it.
    package static func transactionID(_ bytes: [UInt8]) -> String? {
        do {
            return try Transaction(bytes, form: .network).id.description
        } catch {
            return nil
        }
    }
}
