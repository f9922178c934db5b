extension Amount: Comparable {
    /// The difference, which must not be below zero.
    package func subtracting(_ other: Amount) throws(BitcoinError) -> Amount {
        guard other.satoshis <= satoshis else {
            throw .amountBelowZero(from: satoshis, taken: other.satoshis)
        }
        return try Amount(satoshis: satoshis - other.satoshis)
    }

    package static func < (left: Amount, right: Amount) -> Bool {
        left.satoshis < right.satoshis
    }
}
