private import Bitcoin

/// What is known of a number: it is one from `least` to `most`.
package struct FactRange: Equatable, Sendable {
    /// Nothing is known.
    package static let unknown = FactRange(least: 0, most: .max)

    package let least: UInt64
    package let most: UInt64

    package init(least: UInt64, most: UInt64) {
        self.least = least
        self.most = most
    }

    /// A number that is known.
    package init(_ number: UInt64) { self.init(least: number, most: number) }
}

/// Kinds of script as bits of a condition.
package enum ScriptKinds {
    package static let every: UInt16 = 0xff

    /// The bit of a script.
    package static func bit(of script: Span<UInt8>) -> UInt16 {
        if script.count > 0, script[0] == DataShape.opReturn { return 1 << 5 }
        switch ScriptKind(of: script) {
        case .p2pkh: return 1
        case .p2sh: return 1 << 1
        case .p2wpkh: return 1 << 2
        case .p2wsh: return 1 << 3
        case .p2tr: return 1 << 4
        case .opReturn: return 1 << 5
        case .unknown: return isWitnessProgram(script) ? 1 << 6 : 1 << 7
        }
    }

    /// A version and one push of 2 to 40 bytes (BIP-141).
    private static func isWitnessProgram(_ script: Span<UInt8>) -> Bool {
        guard (4...42).contains(script.count), Int(script[1]) == script.count - 2 else {
            return false
        }
        return script[0] == 0 || (0x51...0x60).contains(script[0])
    }
}

/// What holds a payment back, as bits: which of it may be.
package enum LockTimes {
    /// Nothing does.
    package static let none: UInt8 = 1
    package static let height: UInt8 = 2
    package static let time: UInt8 = 4
    /// An input by its sequence, some time after its coin (BIP-68); beside a lock time, or alone.
    package static let relative: UInt8 = 8
    package static let every: UInt8 = 15
}

/// Yes or no as bits: which of it may be.
package enum Either {
    /// No input signals that it can be replaced; or it replaces nothing.
    package static let no: UInt8 = 1
    package static let yes: UInt8 = 2
    package static let every: UInt8 = 3

    static func of(_ isTrue: Bool) -> UInt8 { isTrue ? yes : no }
}

/// Who asks, and when; what was not said is unknown.
package struct Asking: Sendable {
    /// The uid of the client.
    package let requester: UInt32?
    /// UTC, since 1970.
    package let seconds: UInt64?
    /// Days and minutes in the zones of the bundle, as `WeekMinute` has them.
    /// Four to a number, the first lowest: to read an element of an array copies all of it.
    private var minutes: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    private init(_ requester: UInt32?, _ seconds: UInt64?) {
        self.requester = requester
        self.seconds = seconds
    }

    /// Nothing is known of it.
    package static var unknown: Asking { Asking(nil, nil) }

    package init(requester: UInt32?, seconds: UInt64?, under bundle: CheckedBundle) {
        self.init(requester, seconds)
        guard let seconds else { return }
        var walk = bundle.zones
        var place = 0
        while let zone = walk.next() {
            let code = WeekMinute(ofWeek: zone.minuteOfWeek(at: seconds)).code
            let minute = UInt64(code) << (16 * UInt64(place % 4))
            switch place / 4 {
            case 0: minutes.0 |= minute
            case 1: minutes.1 |= minute
            case 2: minutes.2 |= minute
            case _: minutes.3 |= minute
            }
            place += 1
        }
    }

    /// The day and minute in a zone, or nil if the time is not known.
    @inline(__always)
    func minute(in zone: Int) -> WeekMinute? {
        guard seconds != nil else { return nil }
        let four =
            zone < 8 ? (zone < 4 ? minutes.0 : minutes.1) : (zone < 12 ? minutes.2 : minutes.3)
        return WeekMinute(code: UInt16(truncatingIfNeeded: four >> (16 * UInt64(zone & 3))))
    }
}

/// A day of the week and a minute of the day, told apart here once and not by every rule.
struct WeekMinute {
    /// The day above the 11 bits of the minute.
    let code: UInt16

    @inline(__always)
    init(code: UInt16) { self.code = code }

    /// Minutes of the week are counted from Monday 00:00.
    init(ofWeek minute: UInt16) {
        let (day, rest) = minute.quotientAndRemainder(dividingBy: TimeSpan.minutesOfDay)
        code = day << 11 | rest
    }

    @inline(__always)
    var dayBit: UInt8 { 1 << UInt8(truncatingIfNeeded: code >> 11) }
    @inline(__always)
    var minute: UInt16 { code & 2_047 }
}
