private import Bitcoin

/// Quantities with their units written out; exact, without floating point.
enum Units {
    static let amountForm = "an amount such as \"0.25 BTC\" or \"1000 sat\""
    static let feerateForm = "a fee rate such as \"25 sat/vB\""
    static let shareForm = "a share such as \"25%\" or \"12.5%\""
    static let durationForm = "a time such as \"24h\", \"1h30m\", \"7d\" or \"90s\""
    /// The longest window: 366 days in seconds.
    static let durationMax: UInt32 = 31_622_400

    /// Why a text is not a quantity: what to expect instead.
    struct Fault: Error {
        let expected: String
    }

    /// Satoshi, at most 21 million bitcoin.
    static func amount(_ text: String) throws(Fault) -> UInt64 {
        let (number, unit) = try split(text, form: amountForm)
        let satoshi: UInt64
        switch unit {
        case "BTC": satoshi = try decimal(number, places: 8, form: amountForm)
        case "sat": satoshi = try decimal(number, places: 0, form: amountForm)
        default: throw Fault(expected: "the unit BTC or sat: \(amountForm)")
        }
        guard satoshi <= Amount.satoshisMax else {
            throw Fault(expected: "at most 21000000 BTC, all there can be")
        }
        return satoshi
    }

    /// Satoshi for 1,000 virtual bytes.
    static func feerate(_ text: String) throws(Fault) -> UInt64 {
        let (number, unit) = try split(text, form: feerateForm)
        guard unit == "sat/vB" else { throw Fault(expected: "the unit sat/vB: \(feerateForm)") }
        let rate = try decimal(number, places: 3, form: feerateForm)
        guard rate <= Amount.satoshisMax else {
            throw Fault(expected: "at most 2100000000000 sat/vB, or \"none\" for no cap")
        }
        return rate
    }

    /// Millionths, at most all of it.
    static func share(_ text: String) throws(Fault) -> UInt64 {
        guard text.last == "%" else { throw Fault(expected: shareForm) }
        let share = try decimal(text.dropLast(), places: 4, form: shareForm)
        guard share <= 1_000_000 else { throw Fault(expected: "at most \"100%\"") }
        return share
    }

    /// Seconds, from 1 to 366 days.
    static func duration(_ text: String) throws(Fault) -> UInt32 {
        let units: [(Character, UInt64)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]
        var rest = text[...]
        var next = 0
        var seconds: UInt64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            guard let letter = rest.popFirst(), let count = UInt64(digits), count <= 1 << 32,
                let place = units.firstIndex(where: { $0.0 == letter }), place >= next
            else { throw Fault(expected: durationForm) }
            seconds += count * units[place].1
            next = place + 1
        }
        guard seconds > 0 else { throw Fault(expected: durationForm) }
        guard seconds <= durationMax else { throw Fault(expected: "at most 366d") }
        return UInt32(seconds)
    }

    private static func split(
        _ text: String,
        form: String
    ) throws(Fault) -> (Substring, Substring) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw Fault(expected: "a number, one space and the unit: \(form)")
        }
        return (parts[0], parts[1])
    }

    /// A decimal number times ten to the `places`, exactly; digits may be grouped by underscores.
    private static func decimal(
        _ text: Substring,
        places: Int,
        form: String
    ) throws(Fault) -> UInt64 {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let whole = parts[0].split(separator: "_", omittingEmptySubsequences: false)
        let isGrouped = whole.allSatisfy { !$0.isEmpty && $0.allSatisfy(isDigit) }
        guard parts.count <= 2, isGrouped else { throw Fault(expected: form) }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard parts.count == 1 || (!fraction.isEmpty && fraction.allSatisfy(isDigit)) else {
            throw Fault(expected: form)
        }
        guard fraction.count <= places else {
            let digits = places == 0 ? "no decimals" : "at most \(places) decimals"
            throw Fault(expected: "\(digits): \(form)")
        }
        let padding = String(repeating: "0", count: places - fraction.count)
        guard let value = UInt64(whole.joined() + fraction + padding) else {
            throw Fault(expected: "a smaller number: \(form)")
        }
        return value
    }

    private static func isDigit(_ character: Character) -> Bool {
        character.isASCII && character.isNumber
    }
}

/// Quantities as a person writes them; what is written here is read back as the same number.
package enum Written {
    /// `0.25 BTC`; below 0.001 BTC in satoshi.
    package static func amount(_ satoshi: UInt64) -> String {
        guard satoshi >= 100_000 else { return "\(satoshi) sat" }
        return decimal(satoshi, places: 8) + " BTC"
    }

    /// `25 sat/vB` of satoshi for 1,000 virtual bytes.
    package static func feerate(_ rate: UInt64) -> String {
        decimal(rate, places: 3) + " sat/vB"
    }

    /// `25%` of millionths.
    package static func share(_ millionths: UInt64) -> String {
        decimal(millionths, places: 4) + "%"
    }

    /// `1h30m` of seconds.
    package static func duration(_ seconds: UInt32) -> String {
        var text = ""
        var left = seconds
        let units: [(String, UInt32)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]
        for (letter, size) in units {
            if left >= size { text += "\(left / size)\(letter)" }
            left %= size
        }
        return text.isEmpty ? "0s" : text
    }

    private static func decimal(_ value: UInt64, places: Int) -> String {
        var digits = String(value)
        while digits.count <= places { digits = "0" + digits }
        let whole = digits.dropLast(places)
        var fraction = digits.suffix(places)
        while fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty ? String(whole) : "\(whole).\(fraction)"
    }
}
