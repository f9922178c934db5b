/// A time zone by the rule that POSIX gives for its TZ variable, in the M form: read in place.
///
/// The hour that is repeated has each of its minutes twice, the one that is skipped never comes.
package struct ZoneRecord: ~Escapable {
    package static let countMax = 16
    /// The bytes of a zone without daylight time: `i32 standardOffset | u8 hasDaylight`.
    static let shortByteCount = 5
    /// Those that follow where it has: `i32 offset`, and two changes of 7.
    static let daylightByteCount = 18
    /// An offset is less than a day, and a change within a week of its date (RFC 8536).
    package static let offsetMax: Int32 = 86_399
    package static let changeTimeMax: Int32 = 604_799

    let bytes: Span<UInt8>
    let start: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, at start: Int) {
        self.bytes = bytes
        self.start = start
    }

    var end: Int { start + Self.shortByteCount + (hasDaylight ? Self.daylightByteCount : 0) }

    /// Seconds east of Greenwich.
    package var standardOffset: Int32 { signed(start) }
    package var hasDaylight: Bool { bytes[start + 4] == 1 }
    package var daylightOffset: Int32 { signed(start + 5) }
    /// When daylight time begins, by the standard time before it.
    package var daylightBegin: ZoneChange { change(start + 9) }
    /// When it ends, by the daylight time before it.
    package var daylightEnd: ZoneChange { change(start + 16) }

    private func signed(_ place: Int) -> Int32 {
        Int32(truncatingIfNeeded: bytes.littleEndian32(at: place))
    }

    private func change(_ place: Int) -> ZoneChange {
        ZoneChange(
            month: bytes[place],
            week: bytes[place + 1],
            weekday: bytes[place + 2],
            secondsOfDay: signed(place + 3)
        )
    }

    /// Seconds east of Greenwich at a moment, in seconds since 1970: by the last change before it.
    package func offset(at moment: Int64) -> Int64 {
        let standard = Int64(standardOffset)
        guard hasDaylight else { return standard }
        let daylight = Int64(daylightOffset)
        let (begin, end) = (daylightBegin, daylightEnd)
        let year = CivilDate.year(ofDay: CivilDate.day(of: moment + standard))
        var last = Int64.min
        var offset = standard
        // A change can be a week from its date, so that of the next year may have come already.
        for year in (year - 2)...(year + 1) {
            let begins = begin.moment(in: year) - standard
            let ends = end.moment(in: year) - daylight
            if begins <= moment, begins >= last { (last, offset) = (begins, daylight) }
            if ends <= moment, ends > last { (last, offset) = (ends, standard) }
        }
        return offset
    }

    /// The minute of the week by local time, counted from Monday 00:00.
    package func minuteOfWeek(at seconds: UInt64) -> UInt16 {
        let moment = Int64(clamping: min(seconds, CivilDate.momentMax))
        let local = moment + offset(at: moment)
        let day = CivilDate.day(of: local)
        let minute = (local - day * CivilDate.daySeconds) / 60
        // 1970 began on a Thursday.
        let weekday = CivilDate.remainder(day + 3, 7)
        return UInt16(weekday) * TimeSpan.minutesOfDay + UInt16(minute)
    }
}

/// When the time of a zone changes: the weekday of a week of a month, and the local time then.
package struct ZoneChange: Equatable, Sendable {
    package let month: UInt8
    /// 1 … 5; 5 is the last.
    package let week: UInt8
    /// 0 for Sunday.
    package let weekday: UInt8
    /// From the midnight that begins the day; may be on a day before or after.
    package let secondsOfDay: Int32

    package init(month: UInt8, week: UInt8, weekday: UInt8, secondsOfDay: Int32) {
        self.month = month
        self.week = week
        self.weekday = weekday
        self.secondsOfDay = secondsOfDay
    }

    var isValid: Bool {
        (1...12).contains(month) && (1...5).contains(week) && weekday <= 6
            && secondsOfDay.magnitude <= UInt32(ZoneRecord.changeTimeMax)
    }

    /// The moment in a year, by the clock before it: seconds since 1970.
    func moment(in year: Int64) -> Int64 {
        let first = CivilDate.day(year: year, month: Int64(month))
        let next = CivilDate.day(
            year: month == 12 ? year + 1 : year,
            month: month == 12 ? 1 : Int64(month) + 1
        )
        // 1970 began on a Thursday, day 4 of a week that begins with Sunday.
        let weekdayOfFirst = CivilDate.remainder(first + 4, 7)
        var day = first + CivilDate.remainder(Int64(weekday) - weekdayOfFirst, 7)
        day += 7 * (Int64(week) - 1)
        if day >= next { day -= 7 }
        return day * CivilDate.daySeconds + Int64(secondsOfDay)
    }
}

/// Days of the Gregorian calendar, counted from 1970.
enum CivilDate {
    static let daySeconds: Int64 = 86_400
    /// Far beyond what a time in nanoseconds can say.
    static let momentMax: UInt64 = 1 << 40

    static func day(of moment: Int64) -> Int64 {
        (moment - remainder(moment, daySeconds)) / daySeconds
    }

    /// The remainder that is never negative.
    static func remainder(_ value: Int64, _ divisor: Int64) -> Int64 {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }

    /// The first day of a month. Years are counted from March, so that the leap day ends them.
    static func day(year: Int64, month: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted - remainder(shifted, 400)) / 400
        let yearOfEra = remainder(shifted, 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The year that a day lies in.
    static func year(ofDay day: Int64) -> Int64 {
        // A year has 365.2425 days, so the guess is off by one at most.
        var year = 1970 + day * 400 / 146_097
        while self.day(year: year, month: 1) > day { year -= 1 }
        while self.day(year: year + 1, month: 1) <= day { year += 1 }
        return year
    }
}

/// A walk over the zones of a bundle in their order.
package struct ZoneWalk: ~Escapable {
    private let bytes: Span<UInt8>
    private var place: Int
    private var left: Int

    @_lifetime(copy bundle)
    init(_ bundle: CheckedBundle) {
        bytes = bundle.bytes
        place = bundle.layout.zones
        left = bundle.layout.zoneCount
    }

    @_lifetime(copy self)
    package mutating func next() -> ZoneRecord? {
        guard left > 0 else { return nil }
        let zone = ZoneRecord(bytes, at: place)
        place = zone.end
        left -= 1
        return zone
    }
}

extension CheckedBundle {
    /// The time zones, sorted by their bytes; none in a bundle of version 1.
    package var zones: ZoneWalk {
        @_lifetime(copy self) get { ZoneWalk(self) }
    }
}
