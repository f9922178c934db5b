package import Bytes

/// Why Bitcoin data from outside was refused; each case carries the numbers that explain it.
package enum BitcoinError: Error, Equatable, Sendable {
    /// The bytes end too early, go on too long, or hold a count that is not in its shortest form.
    case bytes(ByteError)
    /// A transaction of more bytes than allowed.
    case transactionTooLong(count: Int, limit: Int)
    /// A transaction with a witness stands where one without is required, or it has no input.
    case witnessOrNoInput
    /// The witness flag is not 1, or every witness is empty.
    case witnessForm
    /// A transaction without an output.
    case noOutput
    /// An amount, or a sum of amounts, over 21 million bitcoin.
    case amountOutOfRange(UInt64)
    /// A difference of amounts below zero.
    case amountBelowZero(from: UInt64, taken: UInt64)
    /// A sighash type that the signature version does not define.
    case unknownSighashType(UInt32)
    /// SIGHASH_SINGLE on an input without an output at the same place.
    case noMatchingOutput
    /// The text is no address.
    case notAnAddress
    /// The text is an address of another kind of network.
    case addressOfOtherNetwork
    /// The script has no address.
    case noAddressForm
}
