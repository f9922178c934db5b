package import Bitcoin
package import BitcoinCrypto

/// What there may be only so much of in a request.
package enum RequestPart: String, Equatable, Sendable {
    case inputs, outputs, wallets, parents
    case bytes
    case resolvedBytes = "bytes without the previous transactions"
    case parentBytes = "bytes in a previous transaction"
}

/// Why a PSBT cannot become a request, or signatures cannot go back into it.
package enum RequestError: Error, Equatable, Sendable {
    case psbt(PSBTError)
    case crypto(CryptoError)
    case key(DescriptorError)
    case noSigningLeaf(input: Int, wallet: String)
    case mixedSelectors(input: Int)
    case tooManySignatures(found: Int, most: Int)
    case count(RequestPart, found: Int, least: Int, most: Int)
    case alreadyFinal(input: Int)
    case coinUnknown(input: Int)
    case parentMissing(input: Int)
    case notOurs(input: Int, address: String)
    /// ANYONECANPAY beside inputs of others, and not for one input of ours alone.
    case severalAlone(input: Int, found: Int)
    case singleNotFirst(input: Int)
    case singleWithoutOutput(input: Int, count: Int)
    case claimMismatch(PSBTPlace, wallet: String, path: String)
    case indexOverMaximum(PSBTPlace, wallet: String, index: UInt32, most: UInt32)
    case sighashType(input: Int, found: UInt32)
    case scriptTooLong(output: Int, count: Int, limit: Int)
    case sum(BitcoinError)
    case outputsExceedInputs(inputs: Amount, outputs: Amount)
    case signatureCount(expected: Int, found: Int)
    case otherTransaction
    /// What is wrong with a message, in words.
    case message(String)
}

extension RequestError: CustomStringConvertible {
    /// A sentence for a person.
    package var description: String {
        switch self {
        case .psbt(let error): error.description
        case .crypto(let error): "a key could not be derived: \(error)"
        case .key(let error): "a key could not be derived: \(error)"
        case .noSigningLeaf(let input, let wallet):
            "input \(input): none of the scripts that the PSBT gives for wallet '\(wallet)' has a "
                + "key of ours"
        case .mixedSelectors(let input):
            "input \(input): not spent as input 0 is, for one of the two is spent by a key and the "
                + "other by a script of a tree; expected one of the two for all inputs of a payment"
        case .tooManySignatures(let found, let most):
            "\(found) signatures are needed; at most \(most)"
        case .count(let part, let found, let least, let most):
            "\(found) \(part.rawValue); expected \(least) to \(most)"
        case .alreadyFinal(let input): "input \(input): already signed and finalized"
        case .coinUnknown(let input):
            "input \(input): the spent output is not given; "
                + "expected PSBT_IN_NON_WITNESS_UTXO, or PSBT_IN_WITNESS_UTXO for taproot"
        case .parentMissing(let input):
            "input \(input): the previous transaction is not given (PSBT_IN_NON_WITNESS_UTXO); "
                + "it is needed for every input unless all are taproot"
        case .notOurs(let input, let address):
            "input \(input): \(address) belongs to none of our wallets; every input must be ours, "
                + "or one alone with ANYONECANPAY as its sighash type"
        case .severalAlone(let input, let found):
            "input \(input): signed with ANYONECANPAY beside inputs of others, but \(found) inputs "
                + "are ours; expected one, so that nobody can take our signatures apart"
        case .singleNotFirst(let input):
            "input \(input): SINGLE|ANYONECANPAY outside of segwit, beside inputs of others; "
                + "expected it as the first input"
        case .singleWithoutOutput(let input, let count):
            "input \(input): SIGHASH_SINGLE without an output at its place; there are \(count)"
        case .claimMismatch(let place, let wallet, let path):
            "\(place): said to be \(path) of wallet '\(wallet)', but the script there is another"
        case .indexOverMaximum(let place, let wallet, let index, let most):
            "\(place): index \(index) of wallet '\(wallet)'; expected at most \(most)"
        case .sighashType(let input, let found):
            "input \(input): sighash type \(found); expected one byte"
        case .scriptTooLong(let output, let count, let limit):
            "output \(output): a script of \(count) bytes; expected at most \(limit)"
        case .sum(let error): "the amounts do not add up: \(error.words)"
        case .outputsExceedInputs(let inputs, let outputs):
            "the outputs hold \(outputs.satoshis) sat, the inputs only \(inputs.satoshis) sat"
        case .signatureCount(let expected, let found):
            "\(found) signatures; expected \(expected), one for each of our keys in each input"
        case .message(let words): words
        case .otherTransaction: "the signatures are for another transaction"
        }
    }
}
