package import Bytes

/// Times in texts.
extension TextSink where Self: ~Copyable {
    /// `2026-11-22T01:30:02Z` of nanoseconds since 1970; what is less than a second is left out.
    package mutating func put(utc nanoseconds: UInt64) {
        let moment = Int64(nanoseconds / 1_000_000_000)
        let day = CivilDate.day(of: moment)
        let year = CivilDate.year(ofDay: day)
        var month: Int64 = 12
        while CivilDate.day(year: year, month: month) > day { month -= 1 }
        let second = UInt64(moment - day * CivilDate.daySeconds)
        put(decimal: UInt64(year), digits: 4)
        put("-")
        put(decimal: UInt64(month), digits: 2)
        put("-")
        put(decimal: UInt64(day - CivilDate.day(year: year, month: month) + 1), digits: 2)
        put("T")
        put(decimal: second / 3_600, digits: 2)
        put(":")
        put(decimal: second / 60 % 60, digits: 2)
        put(":")
        put(decimal: second % 60, digits: 2)
        put("Z")
    }

    /// `1d2h3m4s` of seconds, without what is none.
    package mutating func put(duration seconds: UInt32) {
        let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24)
        if days > 0 { put(days, "d") }
        if hours > 0 { put(hours, "h") }
        if seconds / 60 % 60 > 0 { put(seconds / 60 % 60, "m") }
        if seconds % 60 > 0 || seconds == 0 { put(seconds % 60, "s") }
    }

    private mutating func put(_ count: UInt32, _ unit: StaticString) {
        put(decimal: UInt64(count))
        put(unit)
    }
}
