private import BitcoinCrypto
package import Bytes

/// Signature hashes of witness version 0 (BIP-143).
extension SighashMidstates {
    /// The digest that the key of a P2WPKH input signs with SIGHASH_ALL.
    package func p2wpkhSighash(of input: SpentInput, keyHash: Bytes20) -> Bytes32 {
        var scriptCode = FixedBytes<25>(repeating: 0x14)
        scriptCode[0] = 0x76
        scriptCode[1] = 0xa9
        for index in 0..<20 {
            scriptCode[3 + index] = keyHash[index]
        }
        scriptCode[23] = 0x88
        scriptCode[24] = 0xac
        return segwitSighash(of: input, scriptCode: scriptCode.span, type: .all, singleOutput: nil)
    }

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
}
