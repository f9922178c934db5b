/// A count of satoshi from 0 to 21 million bitcoin; sums are checked and never wrap.
package struct Amount: Equatable, Sendable {
    /// The most satoshi there can be, in one output or in any sum of outputs.
    package static let satoshisMax: UInt64 = 21_000_000 * 100_000_000

    package static let zero = Amount()

    package let satoshis: UInt64

    private init() {
        satoshis = 0
    }

    package init(satoshis: UInt64) throws(BitcoinError) {
        guard satoshis <= Amount.satoshisMax else { throw .amountOutOfRange(satoshis) }
        self.satoshis = satoshis
    }

    /// The sum, which must be an amount itself.
    package func adding(_ other: Amount) throws(BitcoinError) -> Amount {
        try Amount(satoshis: satoshis + other.satoshis)
    }
}
