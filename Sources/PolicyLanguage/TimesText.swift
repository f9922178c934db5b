import Policy

/// Times of the week: `Mon-Fri 09:00-17:00`, to the end of the last minute before the second time.
enum TimesText {
    static let form =
        "days and times such as \"Mon-Fri 09:00-17:00\", \"Sat,Sun 10:00-14:00\" or \"daily\""
    static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let minutesOfDay = 1_440

    /// Minutes of each day of the week, Monday first.
    struct Week: Equatable {
        var minutes = [[Bool]](
            repeating: [Bool](repeating: false, count: TimesText.minutesOfDay),
            count: 7
        )

        /// Days that have the same minutes together, so that every week has one form.
        var spans: [TimeSpan] {
            var days: [[UInt16]: UInt8] = [:]
            for (day, minutes) in minutes.enumerated() {
                for run in Self.runs(minutes) { days[run, default: 0] |= 1 << UInt8(day) }
            }
            return days.map { TimeSpan(days: $0.value, first: $0.key[0], last: $0.key[1]) }
                .sorted { ($0.days, $0.first, $0.last) < ($1.days, $1.first, $1.last) }
        }

        private static func runs(_ minutes: [Bool]) -> [[UInt16]] {
            var runs: [[UInt16]] = []
            for (minute, isIn) in minutes.enumerated() where isIn {
                if let last = runs.last, last[1] + 1 == minute {
                    runs[runs.count - 1][1] = UInt16(minute)
                } else {
                    runs.append([UInt16(minute), UInt16(minute)])
                }
            }
            return runs
        }
    }

    /// Adds a text to a week; false where it cannot be read. A time that ends before it begins goes
    /// on into the next day.
    static func add(_ text: String, to week: inout Week) -> Bool {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let days = days(first) else {
            return false
        }
        guard let minutes = parts.count == 2 ? minutes(parts[1]) : 0..<minutesOfDay else {
            return false
        }
        for day in days {
            for minute in minutes {
                week.minutes[(day + minute / minutesOfDay) % 7][minute % minutesOfDay] = true
            }
        }
        return true
    }

    /// `daily`, `Mon`, `Mon-Fri`, `Sat,Sun`; Sun-Tue goes over the end of the week.
    private static func days(_ text: Substring) -> Set<Int>? {
        if text == "daily" { return Set(0..<7) }
        var found: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
                .map { days.firstIndex(of: String($0)) }
            guard (1...2).contains(ends.count), let first = ends[0],
                let last = ends[ends.count - 1], ends.count == 1 || first != last
            else { return nil }
            var day = first
            found.insert(day)
            while day != last {
                day = (day + 1) % 7
                found.insert(day)
            }
        }
        return found.isEmpty ? nil : found
    }

    private static func minutes(_ text: Substring) -> Range<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { minute($0) }
        guard ends.count == 2, let begin = ends[0], let end = ends[1], begin != end,
            begin < minutesOfDay, end > 0
        else { return nil }
        return begin..<(end > begin ? end : end + minutesOfDay)
    }

    /// `09:00`, to `24:00`.
    private static func minute(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }),
            let hour = UInt8(parts[0]), let minute = UInt8(parts[1]), minute < 60,
            hour < 24 || (hour == 24 && minute == 0)
        else { return nil }
        return Int(hour) * 60 + Int(minute)
    }

    static func write(_ span: TimeSpan) -> String {
        let named = days.indices.filter { span.days >> UInt8($0) & 1 == 1 }
        let isRun = named.count > 2 && named[named.count - 1] - named[0] == named.count - 1
        let text =
            named.count == 7
            ? "daily"
            : isRun
                ? "\(days[named[0]])-\(days[named[named.count - 1]])"
                : named.map { days[$0] }.joined(separator: ",")
        return "\(text) \(clock(span.first))-\(clock(span.last + 1))"
    }

    private static func clock(_ minute: UInt16) -> String {
        let (hour, rest) = minute.quotientAndRemainder(dividingBy: 60)
        return "\(hour < 10 ? "0" : "")\(hour):\(rest < 10 ? "0" : "")\(rest)"
    }
}
