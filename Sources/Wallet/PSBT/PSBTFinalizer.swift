private import Bitcoin

/// Input Finalizer (BIP-174): what is known of an input becomes the scriptSig and the witness that
/// spend it, and what is needed no longer is taken out.
extension PSBT {
    /// Completes every input, or changes nothing.
    package mutating func finalize() throws(PSBTError) {
        try finalize(with: KeySatisfier())
    }

    /// Completes every input, or changes nothing; scripts are satisfied by `satisfier`.
    package mutating func finalize(with satisfier: some ScriptSatisfier) throws(PSBTError) {
        var made = self
        for index in inputs.indices where !inputs[index].isFinal {
            try made.finalize(input: index, with: satisfier)
        }
        self = made
    }

    /// Completes what can be, and tells what keeps the others.
    package mutating func finalizeWhatIsReady(
        with satisfier: some ScriptSatisfier
    ) -> [PSBTError] {
        var missing: [PSBTError] = []
        for index in inputs.indices where !inputs[index].isFinal {
            do throws(PSBTError) {
                try finalize(input: index, with: satisfier)
            } catch {
                missing.append(error)
            }
        }
        return missing
    }

    /// Completes one input.
    package mutating func finalize(
        input index: Int,
        with satisfier: some ScriptSatisfier
    ) throws(PSBTError) {
        let place = PSBTPlace.input(index)
        guard inputs.indices.contains(index) else {
            throw PSBTError(place, .noSuchMap(count: inputs.count))
        }
        guard !inputs[index].isFinal else { throw PSBTError(place, .alreadyFinal) }
        try inputs[index].checkForSigning(place: place)
        let known = SpendKnowledge(
            input: inputs[index],
            transactionVersion: transaction.version,
            lockTime: transaction.lockTime,
            sequence: transaction.inputs[index].sequence
        )
        let spend = try PSBTSpend(known, place, satisfier)
        inputs[index].map.remove(Self.signingFields)
        if !spend.scriptSig.isEmpty {
            let type = PSBTFieldType.finalScriptSig
            inputs[index].map.set(PSBTField(type, value: spend.scriptSig))
        }
        if !spend.witness.isEmpty {
            let witness = Transaction.serializedWitness(spend.witness)
            let type = PSBTFieldType.finalScriptWitness
            inputs[index].map.set(PSBTField(type, value: witness))
        }
    }

    /// Transaction Extractor (BIP-174): the signed transaction, when every input is complete.
    package func extract() throws(PSBTError) -> Transaction {
        var signed = transaction
        for (index, input) in inputs.enumerated() {
            guard input.isFinal else { throw PSBTError(.input(index), .notFinal) }
            signed.inputs[index].script = input.finalScriptSig ?? []
            guard let bytes = input.finalScriptWitness else { continue }
            do throws(BitcoinError) {
                signed.inputs[index].witness = try Transaction.witnessItems(bytes)
            } catch {
                let name = PSBTFieldName(.input, PSBTFieldType.finalScriptWitness)
                throw PSBTError(.input(index), .value(name, expected: "the items of a witness"))
            }
        }
        return signed
    }

    /// All known input fields but the spent outputs, what is final, and what version 2 says of the
    /// transaction: those are needed only until the input is complete. Unknown and proprietary
    /// fields stay.
    private static let signingFields: Set<UInt64> = Set(0x02...0x06).union(0x09...0x0d)
        .union(0x13...0x18).union(0x1a...0x1c)
}
