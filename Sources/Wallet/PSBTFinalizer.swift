private import Bitcoin
private import BitcoinCrypto

extension PSBT {
    /// Completes every input that is a P2WPKH or a taproot key path with its signature: writes the
    /// final witness and takes out what is needed no longer (BIP-174, Input Finalizer).
    package mutating func finalize() throws(PSBTError) {
        for index in inputs.indices where !inputs[index].isFinal {
            guard let witness = inputs[index].completeWitness else {
                throw PSBTError(.input(index), .noSignature)
            }
            inputs[index].map.remove(Self.signingFields)
            inputs[index].map.set(
                PSBTField(
                    PSBTFieldType.finalScriptWitness,
                    value: Transaction.serializedWitness(witness)
                )
            )
        }
    }

    /// The signed transaction, when every input is complete.
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

    /// All known input fields but the spent outputs and what is final: those are needed only until
    /// the input is complete. Unknown and proprietary fields stay.
    private static let signingFields: Set<UInt64> = Set(0x02...0x06).union(0x09...0x0d)
        .union(0x13...0x18).union(0x1a...0x1c)
}

extension PSBTInput {
    /// The witness that spends the output, if its signature is there.
    fileprivate var completeWitness: [[UInt8]]? {
        guard let coin else { return nil }
        switch ScriptKind(of: coin.script.span) {
        case .p2wpkh:
            let program = Array(coin.script[2...])
            for field in partialSignatures where hash160(field.keyData.span).array == program {
                return [field.value, field.keyData]
            }
            return nil
        case .p2tr:
            return tapKeySignature.map { [$0] }
        case .p2pkh, .p2sh, .p2wsh, .opReturn, .unknown:
            return nil
        }
    }
}
