private import BitcoinCrypto
package import Bytes

/// Signature hashes of any type, for foreign signatures and the published vectors. The signer has
/// its own, of the two types that it signs.
extension SighashMidstates {
    /// The digest for any script code and any sighash type.
    ///
    /// `singleOutput` counts for SIGHASH_SINGLE only: the `outputHash` of the output at the input's
    /// own place, or nil where there is none (which BIP-143 permits: it signs zeros instead).
    package func segwitSighash(
        of input: SpentInput,
        scriptCode: Span<UInt8>,
        type: SighashType,
        singleOutput: Bytes32?
    ) -> Bytes32 {
        let signsSequences = !type.anyoneCanPay && type.signsAllOutputs
        var outputHash = Bytes32.zero
        if type.signsAllOutputs {
            outputHash = doubleOutputs
        } else if type.signsSingleOutput, let singleOutput {
            outputHash = SHA256.hash(singleOutput.span)
        }
        var hasher = SHA256()
        hasher.update(version)
        hasher.update((type.anyoneCanPay ? Bytes32.zero : doublePrevouts).span)
        hasher.update((signsSequences ? doubleSequences : Bytes32.zero).span)
        hasher.update(input.outpoint.span)
        hasher.updateVector(scriptCode)
        hasher.update(input.amount)
        hasher.update(input.sequence)
        hasher.update(outputHash.span)
        hasher.update(lockTime)
        hasher.update(type.rawValue)
        let once = hasher.finalize()
        return SHA256.hash(once.span)
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

    /// The digest for any of the seven types of BIP-341.
    ///
    /// `script` is the scriptPubKey being spent. `singleOutput` counts for SIGHASH_SINGLE only: the
    /// `outputHash` of the output at the input's own place, which must exist.
    package func taprootSighash(
        at inputIndex: Int,
        of input: SpentInput,
        script: Span<UInt8>,
        type: SighashType,
        singleOutput: Bytes32?
    ) throws(BitcoinError) -> Bytes32 {
        precondition(inputIndex >= 0 && inputIndex < inputCount, "no such input")
        guard type.isTaproot else { throw .unknownSighashType(type.rawValue) }
        var hasher = TaggedHash("TapSighash")
        hasher.update(UInt8(0))  // the epoch
        hasher.update(UInt8(type.rawValue))
        hasher.update(version)
        hasher.update(lockTime)
        if !type.anyoneCanPay {
            hasher.update(prevouts.span)
            hasher.update(amounts.span)
            hasher.update(scripts.span)
            hasher.update(sequences.span)
        }
        if type.signsAllOutputs {
            hasher.update(outputs.span)
        }
        hasher.update(UInt8(0))  // the spend type: key path, no annex
        if type.anyoneCanPay {
            hasher.update(input.outpoint.span)
            hasher.update(input.amount)
            hasher.updateVector(script)
            hasher.update(input.sequence)
        } else {
            hasher.update(UInt32(inputIndex))
        }
        if type.signsSingleOutput {
            guard let singleOutput else { throw .noMatchingOutput }
            hasher.update(singleOutput.span)
        }
        return hasher.finalize()
    }
}
