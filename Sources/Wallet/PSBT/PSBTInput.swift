package import Bitcoin
private import Bytes

/// Where the amount and the script of a spent output are known from.
package enum CoinSource: Equatable, Sendable {
    /// From the previous transaction, whose id was recomputed.
    case previousTransaction
    /// From what the PSBT says; true only if a taproot signature will be valid.
    case claimed
}

/// One input of a PSBT: its map, and what the previous transaction says about the spent output.
package struct PSBTInput: Equatable, Sendable {
    /// Writing another spent output into the map changes none of the two below: read the PSBT anew.
    package var map: PSBTMap
    /// The spent output, taken from PSBT_IN_NON_WITNESS_UTXO.
    package internal(set) var provenCoin: Coin?
    /// The spent output, as PSBT_IN_WITNESS_UTXO claims it.
    package internal(set) var claimedCoin: Coin?

    /// The spent output, the proven one first.
    package var coin: Coin? { provenCoin ?? claimedCoin }

    package var coinSource: CoinSource? {
        provenCoin != nil ? .previousTransaction : claimedCoin != nil ? .claimed : nil
    }

    /// The requested sighash type, if there is one.
    package var sighashType: SighashType? {
        map.number(PSBTFieldType.sighashType).map(SighashType.init(rawValue:))
    }

    package var redeemScript: [UInt8]? { map.value(PSBTFieldType.redeemScript) }
    package var witnessScript: [UInt8]? { map.value(PSBTFieldType.witnessScript) }

    /// Every key that is said to be involved, ECDSA keys first.
    package var derivations: [KeyDerivation] {
        map.all(PSBTFieldType.inputDerivation).map { KeyDerivation(psbt: $0.value[...]) }
            + map.all(PSBTFieldType.inputTapDerivation).map(tapDerivation)
    }

    /// ECDSA signatures: public key, and signature with its sighash byte.
    package var partialSignatures: [PSBTField] { map.all(PSBTFieldType.partialSignature) }

    /// The taproot key path signature, with its sighash byte if it has one.
    package var tapKeySignature: [UInt8]? { map.value(PSBTFieldType.tapKeySignature) }

    package var finalScriptSig: [UInt8]? { map.value(PSBTFieldType.finalScriptSig) }
    package var finalScriptWitness: [UInt8]? { map.value(PSBTFieldType.finalScriptWitness) }

    /// Whether the input is complete.
    package var isFinal: Bool { finalScriptSig != nil || finalScriptWitness != nil }
}

/// One output of a PSBT.
package struct PSBTOutput: Equatable, Sendable {
    package var map: PSBTMap

    /// Every key that is said to be involved, ECDSA keys first.
    package var derivations: [KeyDerivation] {
        map.all(PSBTFieldType.outputDerivation).map { KeyDerivation(psbt: $0.value[...]) }
            + map.all(PSBTFieldType.outputTapDerivation).map(tapDerivation)
    }
}

/// The derivation behind the leaf hashes of a taproot field, whose form was checked.
private func tapDerivation(_ field: PSBTField) -> KeyDerivation {
    do throws(ByteError) {
        var reader = ByteReader(field.value.span)
        let count = try reader.readCount(itemByteCountMin: 32)
        return KeyDerivation(psbt: field.value[(reader.position + 32 * count)...])
    } catch {
        preconditionFailure("checked when it was read")
    }
}
