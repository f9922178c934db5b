/// Keeps a flood of refusals from filling the log, and the disk: of each requester and code the
/// first few in a minute get leaves of their own, as long as those of the requester are not large
/// in all; the rest are counted, exactly.
package struct Coalescer {
    /// Refusals of one requester and code that are logged one by one in a minute.
    package static let singlesMax = 10
    /// Bytes of such leaves of one requester in a minute; the first may be larger by itself.
    package static let bytesMax = 128 << 10
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

    /// What the leaves of one requester came to.
    private struct Room {
        let begin: UInt64
        var bytes = 0
    }

    private var minutes: [Source: Minute] = [:]
    private var rooms: [UInt32: Room] = [:]

    package init() {}

    /// Whether this refusal gets leaves of its own, of so many bytes. If not it is counted.
    package mutating func isLoggedAlone(
        requester: UInt32,
        code: UInt16,
        byteCount: Int,
        at boottime: UInt64
    ) -> Bool {
        let source = Source(requester: requester, code: code)
        var minute = minutes[source] ?? Minute(begin: boottime)
        defer { minutes[source] = minute }
        if minute.singles < Self.singlesMax,
            takesRoom(byteCount, of: requester, at: boottime)
        {
            minute.singles += 1
            return true
        }
        minute.rest += 1
        return false
    }

    /// Whether a requester's leaves of this minute have room for one more, which is then taken.
    private mutating func takesRoom(
        _ byteCount: Int,
        of requester: UInt32,
        at boottime: UInt64
    ) -> Bool {
        var room = rooms[requester] ?? Room(begin: boottime)
        if boottime - room.begin >= Self.minute { room = Room(begin: boottime) }
        guard room.bytes == 0 || room.bytes + byteCount <= Self.bytesMax else { return false }
        room.bytes += byteCount
        rooms[requester] = room
        return true
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
