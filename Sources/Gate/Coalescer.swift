/// Keeps a flood of refusals from filling the log: of each requester and code the first few in a
/// minute get leaves of their own, the rest are counted, exactly.
package struct Coalescer {
    /// Refusals of one requester and code that are logged one by one in a minute.
    package static let singlesMax = 10
    /// Nanoseconds of CLOCK_BOOTTIME.
    package static let minute: UInt64 = 60_000_000_000

    /// What a coalesced leaf says.
    package struct Count: Hashable, Sendable {
        package let requester: UInt32
        package let code: UInt16
        package let count: UInt64

        package init(requester: UInt32, code: UInt16, count: UInt64) {
            self.requester = requester
            self.code = code
            self.count = count
        }
    }

    private struct Source: Hashable {
        let requester: UInt32
        let code: UInt16
    }

    private struct Minute {
        let begin: UInt64
        var singles = 0
        var rest: UInt64 = 0
    }

    private var minutes: [Source: Minute] = [:]

    package init() {}

    /// Whether this refusal gets leaves of its own. If not it is counted.
    package mutating func isLoggedAlone(
        requester: UInt32,
        code: UInt16,
        at boottime: UInt64
    ) -> Bool {
        let source = Source(requester: requester, code: code)
        var minute = minutes[source] ?? Minute(begin: boottime)
        defer { minutes[source] = minute }
        if minute.singles < Self.singlesMax {
            minute.singles += 1
            return true
        }
        minute.rest += 1
        return false
    }

    /// Counts a refusal for which there is no decision, such as a request that came too slowly.
    package mutating func count(requester: UInt32, code: UInt16, at boottime: UInt64) {
        let source = Source(requester: requester, code: code)
        minutes[source, default: Minute(begin: boottime)].rest += 1
    }

    /// The counts of minutes that are over (or of all), which begin anew; in a fixed order.
    package mutating func flush(at boottime: UInt64, all: Bool = false) -> [Count] {
        var counts: [Count] = []
        for (source, minute) in minutes where all || boottime - minute.begin >= Self.minute {
            minutes[source] = nil
            guard minute.rest > 0 else { continue }
            counts.append(
                Count(requester: source.requester, code: source.code, count: minute.rest)
            )
        }
        return counts.sorted {
            ($0.requester, $0.code) < ($1.requester, $1.code)
        }
    }

    /// Whether nothing is counted that the log does not have yet.
    package var isEmpty: Bool { minutes.values.allSatisfy { $0.rest == 0 } }
}
