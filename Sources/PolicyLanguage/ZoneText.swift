package import Policy
private import Wallet

/// A time zone as POSIX writes it in its TZ variable, in the M form: what ends every file of the
/// zoneinfo database.
package struct ZoneText: Equatable, Sendable {
    package static let form =
        "a POSIX time zone such as \"CET-1CEST,M3.5.0,M10.5.0/3\" "
        + "(`portcullis policy zone Europe/Berlin` prints it)"
    package static let utc = ZoneText(standardOffset: 0, daylight: nil)

    package struct Daylight: Equatable, Sendable {
        package let offset: Int32
        package let begin: ZoneChange
        package let end: ZoneChange
    }

    /// Seconds east of Greenwich.
    package let standardOffset: Int32
    package let daylight: Daylight?

    private init(standardOffset: Int32, daylight: Daylight?) {
        (self.standardOffset, self.daylight) = (standardOffset, daylight)
    }

    /// Reads a text, or gives nil.
    package init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard Self.skipName(&rest), let standard = Self.offset(&rest) else { return nil }
        standardOffset = standard
        guard !rest.isEmpty else {
            daylight = nil
            return
        }
        guard Self.skipName(&rest) else { return nil }
        let isGiven = rest.first != UInt8(ascii: ",")
        guard let offset = isGiven ? Self.offset(&rest) : standard + 3_600,
            let begin = Self.change(&rest), let end = Self.change(&rest), rest.isEmpty,
            offset.magnitude <= UInt32(ZoneRecord.offsetMax)
        else { return nil }
        daylight = Daylight(offset: offset, begin: begin, end: end)
    }

    /// As it stands in a bundle.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(number: UInt32(bitPattern: standardOffset))
        guard let daylight else { return bytes + [0] }
        bytes.append(1)
        bytes.append(number: UInt32(bitPattern: daylight.offset))
        for change in [daylight.begin, daylight.end] {
            bytes += [change.month, change.week, change.weekday]
            bytes.append(number: UInt32(bitPattern: change.secondsOfDay))
        }
        return bytes
    }

    /// Three letters or more, or anything between angle brackets.
    private static func skipName(_ rest: inout ArraySlice<UInt8>) -> Bool {
        if rest.first == UInt8(ascii: "<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            let name = rest[(rest.startIndex + 1)..<end]
            rest = rest[(end + 1)...]
            return name.count >= 3
                && name.allSatisfy {
                    isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "+")
                        || $0 == UInt8(ascii: "-")
                }
        }
        let name = rest.prefix { isLetter($0) }
        rest = rest.dropFirst(name.count)
        return name.count >= 3
    }

    /// Hours west of Greenwich, which is how POSIX has it.
    private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int32? {
        guard let west = time(&rest), west.magnitude <= UInt32(ZoneRecord.offsetMax) else {
            return nil
        }
        return -west
    }

    /// `,M3.5.0/2`; without a time at 02:00.
    private static func change(_ rest: inout ArraySlice<UInt8>) -> ZoneChange? {
        guard take(",", &rest), take("M", &rest), let month = number(&rest), take(".", &rest),
            let week = number(&rest), take(".", &rest), let weekday = number(&rest),
            (1...12).contains(month), (1...5).contains(week), weekday <= 6
        else { return nil }
        var seconds: Int32 = 7_200
        if take("/", &rest) {
            guard let given = time(&rest), given.magnitude <= UInt32(ZoneRecord.changeTimeMax)
            else { return nil }
            seconds = given
        }
        return ZoneChange(
            month: UInt8(month),
            week: UInt8(week),
            weekday: UInt8(weekday),
            secondsOfDay: seconds
        )
    }

    /// `[+-]h[hh][:mm[:ss]]` in seconds.
    private static func time(_ rest: inout ArraySlice<UInt8>) -> Int32? {
        let isNegative = take("-", &rest)
        if !isNegative { _ = take("+", &rest) }
        guard let hours = number(&rest), hours <= 167 else { return nil }
        var seconds = hours * 3_600
        for unit in [60, 1] as [Int32] where take(":", &rest) {
            guard let part = number(&rest), part < 60 else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> Int32? {
        let digits = rest.prefix(3, while: isDigit)
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int32($1 - UInt8(ascii: "0")) }
    }

    private static func take(_ character: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }

    /// A zone of a bundle in words; the names of zones stand in the source alone.
    static func write(_ zone: borrowing ZoneRecord) -> String {
        let standard = "UTC\(hours(zone.standardOffset))"
        guard zone.hasDaylight else { return standard }
        return
            "\(standard), and UTC\(hours(zone.daylightOffset)) from \(words(zone.daylightBegin)) "
            + "to \(words(zone.daylightEnd))"
    }

    private static func words(_ change: ZoneChange) -> String {
        let time = change.secondsOfDay == 7_200 ? "" : "/\(clock(change.secondsOfDay))"
        return "M\(change.month).\(change.week).\(change.weekday)\(time)"
    }

    private static func hours(_ seconds: Int32) -> String {
        seconds == 0 ? "" : (seconds < 0 ? "-" : "+") + clock(Int32(seconds.magnitude))
    }

    private static func clock(_ seconds: Int32) -> String {
        let total = seconds.magnitude
        let (hours, minutes, rest) = (total / 3_600, total / 60 % 60, total % 60)
        let sign = seconds < 0 ? "-" : ""
        let tail = minutes == 0 && rest == 0 ? "" : ":\(minutes < 10 ? "0" : "")\(minutes)"
        return "\(sign)\(hours)\(tail)\(rest == 0 ? "" : ":\(rest < 10 ? "0" : "")\(rest)")"
    }
}

extension ArraySlice<UInt8> {
    /// The elements from the start that fit, `count` at most.
    fileprivate func prefix(_ count: Int, while fits: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        self.prefix(count).prefix(while: fits)
    }
}
