package import Bitcoin
package import Bytes

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
