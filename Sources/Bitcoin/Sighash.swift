private import BitcoinCrypto
package import Bytes

/// The digests that the signer signs: everything of the transaction, nothing left open.
extension SighashMidstates {
    /// The digest that the key of a P2WPKH input signs with SIGHASH_ALL (BIP-143).
    package func p2wpkhSighash(of input: SpentInput, keyHash: Bytes20) -> Bytes32 {
        var hasher = beginWitnessSighash(of: input)
        // The script code, with its length before it: that of a payment to the key's hash.
        hasher.update(number: 0x14a9_7619, count: 4)
        hasher.update(keyHash)
        hasher.update(number: 0xac88, count: 2)
        return finishWitnessSighash(of: input, &hasher)
    }

    /// The digest that a key in a witness script signs with SIGHASH_ALL (BIP-143).
    package func witnessSighash(of input: SpentInput, script: borrowing FilledLeaf) -> Bytes32 {
        var hasher = beginWitnessSighash(of: input)
        script.feedVector(to: &hasher)
        return finishWitnessSighash(of: input, &hasher)
    }

    private func beginWitnessSighash(of input: SpentInput) -> SHA256 {
        var hasher = SHA256()
        hasher.update(version)
        hasher.update(doublePrevouts)
        hasher.update(doubleSequences)
        hasher.update(input.outpoint)
        return hasher
    }

    private func finishWitnessSighash(of input: SpentInput, _ hasher: inout SHA256) -> Bytes32 {
        hasher.update(input.amount)
        hasher.update(input.sequence)
        hasher.update(doubleOutputs)
        hasher.update(lockTime)
        hasher.update(SighashType.all.rawValue)
        let once = hasher.finalize()
        return SHA256.hash(once.span)
    }

    /// The digest that the output key (BIP-341) or, with the hash of its leaf, a key in a tapscript
    /// (BIP-342) signs with DEFAULT or ALL, without an annex and before any OP_CODESEPARATOR. The
    /// amounts and scripts of all inputs are in the midstates.
    package func taprootSighash(
        at inputIndex: Int,
        type: SighashType,
        leafHash: Bytes32? = nil
    ) -> Bytes32 {
        precondition(inputIndex >= 0 && inputIndex < inputCount, "no such input")
        precondition(type == .default || type == .all, "no other type is signed")
        var hasher = TaggedHash("TapSighash")
        hasher.update(UInt8(0))  // the epoch
        hasher.update(UInt8(type.rawValue))
        hasher.update(version)
        hasher.update(lockTime)
        hasher.update(prevouts)
        hasher.update(amounts)
        hasher.update(scripts)
        hasher.update(sequences)
        hasher.update(outputs)
        hasher.update(UInt8(leafHash == nil ? 0 : 2))  // the spend type: no annex
        hasher.update(UInt32(inputIndex))
        if let leafHash {
            hasher.update(leafHash)
            hasher.update(UInt8(0))  // the version of keys
            hasher.update(UInt32.max)  // no OP_CODESEPARATOR
        }
        return hasher.finalize()
    }
}
