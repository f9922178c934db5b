import Bitcoin
import Bytes

extension PSBTProblem {
    var words: String {
        switch self {
        case .notPSBT: "this is no PSBT; expected the bytes 'psbt' 0xff, or base64 of them"
        case .notBase64(let error): "this is neither a PSBT nor base64 of one: \(error.words)"
        case .tooLong(let count, let limit): "\(count) bytes; expected at most \(limit)"
        case .bytes(let error): error.words
        case .duplicateKey(let name): "the key of \(name) stands there twice"
        case .unsignedTransaction(let error):
            "the unsigned transaction is malformed: \(error.words)"
        case .scriptInUnsignedTransaction(let input):
            "input \(input) of the unsigned transaction has a scriptSig; expected an empty one"
        case .unsupportedVersion(let version): "PSBT version \(version); expected 0 or 2"
        case .onlyInVersion2(let name): "\(name) belongs to PSBT version 2; this is version 0"
        case .onlyInVersion0(let name): "\(name) belongs to PSBT version 0; this is version 2"
        case .missingField(let name): "there is no \(name)"
        case .tooManyFields(let limit): "more than \(limit) fields; expected at most so many"
        case .tooManyMaps(let name, let count, let room):
            "\(name) says \(count); what follows has room for \(room) at most"
        case .lockTimesConflict(let height, let time):
            "input \(height) can be locked only by a height, input \(time) only by a time; "
                + "expected one kind of lock that all inputs share"
        case .keyLength(let name, let expected, let found):
            "the key of \(name) carries \(found) bytes; expected \(expected)"
        case .valueLength(let name, let expected, let found):
            "the value of \(name) has \(found) bytes; expected \(expected)"
        case .value(let name, let expected):
            "the value of \(name) is malformed; expected \(expected)"
        case .parent(let error): "the previous transaction is malformed: \(error.words)"
        case .parentMismatch(let expected, let found):
            "the previous transaction is \(found); the input spends \(expected)"
        case .noSuchParentOutput(let vout, let count):
            "spends output \(vout) of a transaction that has \(count)"
        case .amountsDiffer(let proven, let claimed):
            "PSBT_IN_WITNESS_UTXO says \(claimed) sat, PSBT_IN_NON_WITNESS_UTXO \(proven) sat"
        case .scriptsDiffer:
            "the scripts in PSBT_IN_WITNESS_UTXO and PSBT_IN_NON_WITNESS_UTXO differ"
        case .witnessCoinForLegacyScript:
            "only PSBT_IN_WITNESS_UTXO is given, but the script is no segwit script"
        case .redeemScriptMismatch: "PSBT_IN_REDEEM_SCRIPT does not hash to the spent script"
        case .witnessScriptMismatch: "PSBT_IN_WITNESS_SCRIPT does not hash to the witness program"
        case .notFinal: "not finalized; sign and finalize it first"
        case .alreadyFinal: "already finalized; nothing can be added"
        case .signatureInvalid: "the signature does not verify for the key and this transaction"
        case .noSignature: "there is no signature of its key"
        case .incomplete(let expected): "what is there does not spend it; expected \(expected)"
        case .signatureType(let expected, let found):
            "a signature of sighash type \(found); PSBT_IN_SIGHASH_TYPE asks for \(expected)"
        case .pushTooLong(let count, let limit):
            "\(count) bytes to push; a script can push \(limit) at most"
        case .otherTransaction: "the two PSBTs are about different transactions"
        case .otherVersion(let found, let expected): "the other is \(found); expected \(expected)"
        case .valuesDiffer(let name): "the two PSBTs have different values of \(name)"
        case .conversionLoses(let name): "the other version has no place for this \(name)"
        case .notModifiable: "the transaction is not open for that (PSBT_GLOBAL_TX_MODIFIABLE)"
        case .spentTwice(let outPoint): "\(outPoint) is spent already; expected another output"
        case .lockTimeSigned(let from, let to):
            "the lock time would change from \(from) to \(to), but there are signatures already"
        case .noSuchMap(let count): "there are only \(count)"
        }
    }
}

extension PSBTProblem {
    /// What to do about it, for a person.
    var remedy: String {
        switch self {
        case .notPSBT, .notBase64, .tooLong, .bytes:
            "export the payment again; the file is cut, damaged, or something else than a PSBT"
        case .unsupportedVersion:
            "export the payment again, as a PSBT of version 0 (BIP-174) or 2 (BIP-370)"
        case .duplicateKey, .onlyInVersion2, .onlyInVersion0, .missingField, .keyLength,
            .valueLength, .value, .tooManyMaps, .unsignedTransaction,
            .scriptInUnsignedTransaction, .parent:
            "export the payment again with a program that keeps to BIP-174, 370, 371 and 373"
        case .tooManyFields: "split the payment into several"
        case .lockTimesConflict: "spend the inputs in two transactions"
        case .parentMismatch, .noSuchParentOutput, .amountsDiffer, .scriptsDiffer,
            .redeemScriptMismatch, .witnessScriptMismatch, .signatureInvalid:
            "do not use this PSBT; whoever made it is wrong or lies"
        case .witnessCoinForLegacyScript:
            "add the whole previous transaction (PSBT_IN_NON_WITNESS_UTXO)"
        case .notFinal, .noSignature, .incomplete: "let the keys that are missing sign it first"
        case .signatureType: "sign the input again with the sighash type that it asks for"
        case .alreadyFinal: "start from the PSBT before it was finalized"
        case .pushTooLong: "the output cannot be spent in this way; use another path"
        case .otherTransaction: "combine only what was made from one PSBT"
        case .otherVersion: "convert one of the two first"
        case .valuesDiffer: "find out which of the two is right; take the field out of the other"
        case .conversionLoses: "keep the version, or convert knowing that it is dropped"
        case .notModifiable, .lockTimeSigned: "make the transaction anew"
        case .spentTwice: "take the input out"
        case .noSuchMap: "count inputs and outputs from 0"
        }
    }

    /// The field that it is about, if it is about one.
    var field: PSBTFieldName? {
        switch self {
        case .duplicateKey(let name), .onlyInVersion2(let name), .onlyInVersion0(let name),
            .missingField(let name), .tooManyMaps(let name, _, _), .keyLength(let name, _, _),
            .valueLength(let name, _, _), .value(let name, _), .valuesDiffer(let name),
            .conversionLoses(let name):
            name
        case .unsupportedVersion: PSBTFieldName(.global, PSBTFieldType.version)
        case .unsignedTransaction, .scriptInUnsignedTransaction:
            PSBTFieldName(.global, PSBTFieldType.unsignedTransaction)
        case .parent, .parentMismatch, .noSuchParentOutput:
            PSBTFieldName(.input, PSBTFieldType.nonWitnessUTXO)
        case .amountsDiffer, .scriptsDiffer, .witnessCoinForLegacyScript:
            PSBTFieldName(.input, PSBTFieldType.witnessUTXO)
        case .redeemScriptMismatch: PSBTFieldName(.input, PSBTFieldType.redeemScript)
        case .witnessScriptMismatch: PSBTFieldName(.input, PSBTFieldType.witnessScript)
        case .signatureType: PSBTFieldName(.input, PSBTFieldType.sighashType)
        case .notModifiable: PSBTFieldName(.global, PSBTFieldType.modifiable)
        case .notPSBT, .notBase64, .tooLong, .bytes, .tooManyFields, .lockTimesConflict, .notFinal,
            .alreadyFinal, .signatureInvalid, .noSignature, .incomplete, .pushTooLong,
            .otherTransaction, .otherVersion, .spentTwice, .lockTimeSigned, .noSuchMap:
            nil
        }
    }
}
