import Bitcoin
import Testing

@Suite("Amounts")
struct AmountTests {
    private let most: UInt64 = 2_100_000_000_000_000

    @Test("21 million bitcoin is an amount; one satoshi more is refused")
    func limit() throws {
        #expect(try Amount(satoshis: most).satoshis == most)
        #expect(throws: BitcoinError.amountOutOfRange(most + 1)) {
            try Amount(satoshis: most + 1)
        }
    }

    @Test("A sum may reach 21 million bitcoin but not pass it")
    func sum() throws {
        let almost = try Amount(satoshis: most - 1)
        let one = try Amount(satoshis: 1)
        #expect(try almost.adding(one).satoshis == most)
        #expect(throws: BitcoinError.amountOutOfRange(most + 1)) {
            try almost.adding(one).adding(one)
        }
    }

    @Test("A difference may reach zero but not go below it")
    func difference() throws {
        let five = try Amount(satoshis: 5)
        let six = try Amount(satoshis: 6)
        #expect(try five.subtracting(five) == .zero)
        #expect(try six.subtracting(five).satoshis == 1)
        #expect(throws: BitcoinError.amountBelowZero(from: 5, taken: 6)) {
            try five.subtracting(six)
        }
        #expect(five < six)
    }
}
