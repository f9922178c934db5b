import BitcoinCrypto
package import Bytes

/// The digests that are signed in segwit, of every type.
///
/// `singleOutput` counts for SIGHASH_SINGLE only: the `outputHash` of the output at the input's own
/// place. Without one BIP-143 signs zeros; taproot does not sign, and nor does the signer anywhere.
extension SighashMidstates {
    /// The digest that the key of a P2WPKH input signs (BIP-143).
    package func p2wpkhSighash(
        of input: SpentInput,
        keyHash: Bytes20,
        type: SighashType = .all,
        singleOutput: Bytes32? = nil
    ) -> Bytes32 {
        var hasher = beginWitnessSighash(of: input, type)
        // The script code, with its length before it: that of a payment to the key's hash.
        hasher.update(number: 0x14a9_7619, count: 4)
        hasher.update(keyHash)
        hasher.update(number: 0xac88, count: 2)
        return finishWitnessSighash(of: input, type, singleOutput, &hasher)
    }

    /// The digest that a key in a witness script signs (BIP-143).
    package func witnessSighash(
        of input: SpentInput,
        script: borrowing FilledLeaf,
        type: SighashType = .all,
        singleOutput: Bytes32? = nil
    ) -> Bytes32 {
        var hasher = beginWitnessSighash(of: input, type)
        script.feedVector(to: &hasher)
        return finishWitnessSighash(of: input, type, singleOutput, &hasher)
    }

    func beginWitnessSighash(of input: SpentInput, _ type: SighashType) -> SHA256 {
        var (prevouts, sequences) = (Bytes32.zero, Bytes32.zero)
        if !type.anyoneCanPay {
            prevouts = doublePrevouts
            if type.signsAllOutputs { sequences = doubleSequences }
        }
        var hasher = SHA256()
        hasher.update(version)
        hasher.update(prevouts)
        hasher.update(sequences)
        hasher.update(input.outpoint)
        return hasher
    }

    func finishWitnessSighash(
        of input: SpentInput,
        _ type: SighashType,
        _ singleOutput: Bytes32?,
        _ hasher: inout SHA256
    ) -> Bytes32 {
        var outputHash = Bytes32.zero
        if type.signsAllOutputs {
            outputHash = doubleOutputs
        } else if type.signsSingleOutput, let singleOutput {
            outputHash = SHA256.hash(singleOutput.span)
        }
        hasher.update(input.amount)
        hasher.update(input.sequence)
        hasher.update(outputHash)
        hasher.update(lockTime)
        hasher.update(type.rawValue)
        let once = hasher.finalize()
        return SHA256.hash(once.span)
    }

    /// The digest that the output key (BIP-341) or, with the hash of its leaf, a key in a tapscript
    /// (BIP-342) signs, without an annex and before any OP_CODESEPARATOR; `script` is what is
    /// spent. The type is one of the seven, and SINGLE has its output.
    package func taprootSighash(
        at inputIndex: Int,
        of input: SpentInput,
        script: Span<UInt8>,
        type: SighashType,
        singleOutput: Bytes32?,
        leafHash: Bytes32?
    ) -> Bytes32 {
        precondition(inputIndex >= 0 && inputIndex < inputCount, "no such input")
        precondition(type.isTaproot, "a type of BIP-341")
        var hasher = TaggedHash("TapSighash")
        hasher.update(UInt8(0))  // the epoch
        hasher.update(UInt8(type.rawValue))
        hasher.update(version)
        hasher.update(lockTime)
        if !type.anyoneCanPay {
            hasher.update(prevouts)
            hasher.update(amounts)
            hasher.update(scripts)
            hasher.update(sequences)
        }
        if type.signsAllOutputs { hasher.update(outputs) }
        hasher.update(UInt8(leafHash == nil ? 0 : 2))  // the spend type: no annex
        if type.anyoneCanPay {
            hasher.update(input.outpoint)
            hasher.update(input.amount)
            hasher.updateVector(script)
            hasher.update(input.sequence)
        } else {
            hasher.update(UInt32(inputIndex))
        }
        if type.signsSingleOutput {
            guard let singleOutput else { preconditionFailure("SINGLE needs its output") }
            hasher.update(singleOutput)
        }
        if let leafHash {
            hasher.update(leafHash)
            hasher.update(UInt8(0))  // the version of keys
            hasher.update(UInt32.max)  // no OP_CODESEPARATOR
        }
        return hasher.finalize()
    }

    /// The SHA-256 of one serialized output, for SIGHASH_SINGLE.
    package static func outputHash(amount: UInt64, script: Span<UInt8>) -> Bytes32 {
        var hasher = SHA256()
        hasher.update(amount)
        hasher.updateVector(script)
        return hasher.finalize()
    }
}
