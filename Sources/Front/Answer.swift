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
        replacing replaced: String? = nil,
        finalize: Bool
    ) throws(FrontError) {
        guard let psbt = psbt(given) else { throw mismatch("a result for what is no PSBT") }
        let asked = psbt.transaction
        let txid = asked.id.description
        let leaf = try LeafFacts(reading: receipt.leaf)
        guard leaf.kind == "decision", leaf.verdict == "allow",
            let sighashes = sighashes(psbt, of: leaf.txid)
        else { throw mismatch("a receipt of another payment") }
        guard facts.txid == txid, facts.fee == leaf.fee else {
            throw mismatch("another transaction id or fee")
        }
        // Else the allowance would be charged all, or the log name another payment.
        guard leaf.replaces == replaced else { throw mismatch("a receipt of another replacement") }
        // What a signature leaves open must be what the PSBT asked to leave open.
        guard leaf.sighashes ?? [] == SighashPermission.names(sighashes) else {
            throw mismatch("signatures of another sighash type")
        }
        guard facts.finalized == finalize else { throw mismatch("another kind of result") }
        if finalize {
            // A scriptSig changes the id; what was asked for has none (protocol.md, section 3).
            guard unsigned(signed) == asked else { throw mismatch("another transaction") }
        } else {
            guard Self.psbt(signed)?.transaction == asked else { throw mismatch("another payment") }
        }
    }

    /// The types beside ALL and DEFAULT that a PSBT asks for, where the transaction with this id is
    /// the PSBT's, or what one of its inputs alone signs with ANYONECANPAY; nothing for any other.
    private static func sighashes(_ psbt: PSBT, of txid: String?) -> UInt8? {
        if txid == psbt.transaction.id.description {
            return psbt.inputs.reduce(0) { $0 | ($1.sighashType?.permission ?? 0) }
        }
        let alone = psbt.inputs.indices.first { index in
            SignedPart(of: psbt, alone: index)?.transaction.id.description == txid
        }
        return alone.map { psbt.inputs[$0].sighashType?.permission ?? 0 }
    }

    private static func psbt(_ bytes: [UInt8]) -> PSBT? {
        do {
            return try PSBT(binary: bytes)
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
