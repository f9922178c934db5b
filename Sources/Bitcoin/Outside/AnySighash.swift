private import BitcoinCrypto
package import Bytes

/// Signature hashes for foreign signatures and the published vectors.
extension SighashMidstates {
    /// The digest of BIP-143 for any script code and any 32 bits of sighash type.
    package func segwitSighash(
        of input: SpentInput,
        scriptCode: Span<UInt8>,
        type: SighashType,
        singleOutput: Bytes32?
    ) -> Bytes32 {
        var hasher = beginWitnessSighash(of: input, type)
        hasher.updateVector(scriptCode)
        return finishWitnessSighash(of: input, type, singleOutput, &hasher)
    }

    /// The digest of BIP-341 or BIP-342 with DEFAULT or ALL, which fix every input alike.
    package func taprootSighash(
        at inputIndex: Int,
        type: SighashType,
        leafHash: Bytes32? = nil
    ) -> Bytes32 {
        precondition(type.permission == 0, "a type that leaves nothing open")
        return taprootSighash(
            at: inputIndex,
            of: SpentInput(txid: .zero, vout: 0, sequence: 0, amount: 0),
            script: Span(),
            type: type,
            singleOutput: nil,
            leafHash: leafHash
        )
    }

    /// The digest that the output key signs; DEFAULT and ALL.
    package func taprootSighash(
        at inputIndex: Int,
        of input: SpentInput,
        script: Span<UInt8>,
        type: SighashType
    ) throws(BitcoinError) -> Bytes32 {
        guard type.signsAllOutputs, !type.anyoneCanPay else {
            throw .unknownSighashType(type.rawValue)
        }
        return try taprootSighash(
            at: inputIndex,
            of: input,
            script: script,
            type: type,
            singleOutput: nil
        )
    }

    /// The digest that the output key signs, or a type or an output that there is not.
    package func taprootSighash(
        at inputIndex: Int,
        of input: SpentInput,
        script: Span<UInt8>,
        type: SighashType,
        singleOutput: Bytes32?
    ) throws(BitcoinError) -> Bytes32 {
        guard type.isTaproot else { throw .unknownSighashType(type.rawValue) }
        guard !type.signsSingleOutput || singleOutput != nil else { throw .noMatchingOutput }
        return taprootSighash(
            at: inputIndex,
            of: input,
            script: script,
            type: type,
            singleOutput: singleOutput,
            leafHash: nil
        )
    }
}
