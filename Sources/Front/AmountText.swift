/// Amounts for people: satoshi exactly, and bitcoin beside them.
package enum AmountText {
    package static let satoshiPerBitcoin: UInt64 = 100_000_000

    /// `0.30000000 BTC`
    package static func bitcoin(_ satoshi: UInt64) -> String {
        let fraction = String(satoshi % satoshiPerBitcoin)
        let zeros = String(repeating: "0", count: 8 - fraction.count)
        return "\(satoshi / satoshiPerBitcoin).\(zeros)\(fraction) BTC"
    }

    /// `30,000,000 sat (0.30000000 BTC)`
    package static func words(_ satoshi: UInt64) -> String {
        "\(grouped(satoshi)) sat (\(bitcoin(satoshi)))"
    }

    /// Digits in groups of three.
    package static func grouped(_ value: UInt64) -> String {
        var text = ""
        for (place, digit) in String(value).reversed().enumerated() {
            if place > 0, place.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}
