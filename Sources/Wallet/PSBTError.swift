package import Bitcoin
package import Bytes

/// A part of a PSBT, for messages; inputs and outputs count from 0.
package enum PSBTPlace: Equatable, Sendable, CustomStringConvertible {
    case whole
    case global
    case input(Int)
    case output(Int)

    package var description: String {
        switch self {
        case .whole: "PSBT"
        case .global: "global map"
        case .input(let index): "input \(index)"
        case .output(let index): "output \(index)"
        }
    }
}

/// What is wrong with a PSBT, with what was expected and what was found.
package enum PSBTProblem: Equatable, Sendable {
    case notPSBT
    case notBase64(ByteError)
    case tooLong(count: Int, limit: Int)
    case bytes(ByteError)
    case duplicateKey(PSBTFieldName)
    case missingTransaction
    case unsignedTransaction(BitcoinError)
    case scriptInUnsignedTransaction(input: Int)
    case unsupportedVersion(UInt32)
    case onlyInVersion2(PSBTFieldName)
    case keyLength(PSBTFieldName, expected: String, found: Int)
    case valueLength(PSBTFieldName, expected: String, found: Int)
    case value(PSBTFieldName, expected: String)
    case parent(BitcoinError)
    case parentMismatch(expected: TransactionID, found: TransactionID)
    case noSuchParentOutput(vout: UInt32, outputCount: Int)
    case amountsDiffer(proven: UInt64, claimed: UInt64)
    case scriptsDiffer
    case witnessCoinForLegacyScript
    case redeemScriptMismatch
    case witnessScriptMismatch
    case notFinal
    case alreadyFinal
    case signatureInvalid
    case noSignature
    case otherTransaction
}

/// Why a PSBT was refused: where, and what is wrong there.
package struct PSBTError: Error, Equatable, Sendable {
    package let place: PSBTPlace
    package let problem: PSBTProblem

    package init(_ place: PSBTPlace, _ problem: PSBTProblem) {
        self.place = place
        self.problem = problem
    }
}

extension PSBTError: CustomStringConvertible {
    /// A sentence for a person.
    package var description: String { "\(place): \(problem.words)" }
}

extension PSBTProblem {
    fileprivate var words: String {
        switch self {
        case .notPSBT: "this is no PSBT; expected the bytes 'psbt' 0xff, or base64 of them"
        case .notBase64(let error): "this is no base64: \(error.words)"
        case .tooLong(let count, let limit): "\(count) bytes; expected at most \(limit)"
        case .bytes(let error): error.words
        case .duplicateKey(let name): "the key of \(name) stands there twice"
        case .missingTransaction: "there is no unsigned transaction (PSBT_GLOBAL_UNSIGNED_TX)"
        case .unsignedTransaction(let error):
            "the unsigned transaction is malformed: \(error.words)"
        case .scriptInUnsignedTransaction(let input):
            "input \(input) of the unsigned transaction has a scriptSig; expected an empty one"
        case .unsupportedVersion(let version): "PSBT version \(version); expected 0"
        case .onlyInVersion2(let name): "\(name) belongs to PSBT version 2; this is version 0"
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
        case .otherTransaction: "the two PSBTs are about different transactions"
        }
    }
}

extension ByteError {
    /// What is wrong, for a person.
    package var words: String {
        switch self {
        case .truncated(let needed, let left):
            "the data ends in the middle of a field: \(needed) bytes needed, \(left) left"
        case .trailing(let count): "\(count) bytes follow the end"
        case .full(let needed, let left): "\(needed) bytes to write, room for \(left)"
        case .nonCanonical: "a number or text that is not in its shortest form"
        case .invalidCharacter(let place): "a character that does not belong there, at \(place)"
        case .tooLong(let count, let limit): "\(count) bytes; at most \(limit) are allowed"
        }
    }
}

extension BitcoinError {
    /// What is wrong, for a person.
    package var words: String {
        switch self {
        case .bytes(let error): error.words
        case .transactionTooLong(let count, let limit):
            "a transaction of \(count) bytes; expected at most \(limit)"
        case .witnessOrNoInput: "it has no inputs, or a witness where none belongs"
        case .witnessForm: "its witness is not in the one permitted form"
        case .noOutput: "it has no outputs"
        case .amountOutOfRange(let satoshis):
            "\(satoshis) sat are more than the 21 million bitcoin there can be"
        case .amountBelowZero(let from, let taken):
            "\(taken) sat cannot be taken from \(from) sat"
        case .unknownSighashType(let type): "sighash type \(type) is not known"
        case .noMatchingOutput: "SIGHASH_SINGLE, but there is no output at the input's place"
        case .notAnAddress: "it is no address"
        case .addressOfOtherNetwork: "it is an address of another network"
        case .noAddressForm: "the script has no address"
        }
    }
}
