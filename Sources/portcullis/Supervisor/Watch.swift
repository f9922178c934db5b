private import CLinux

/// Whether a process that says again and again that it is alive still does.
struct Watch {
    /// So often it is looked at, whatever else happens.
    private static let lookMilliseconds: Int64 = 1_000

    private let milliseconds: Int64
    private var silence: Int64 = 0
    private var lookedAt: Int64 = 0

    init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Milliseconds until the next look.
    var remaining: Int32 { Int32(Self.lookMilliseconds) }

    mutating func heard() {
        silence = 0
        lookedAt = Self.now
    }

    /// Whether it has been silent for too long. A look counts for little more than the time between
    /// two looks: while we ourselves were stopped, nothing was heard of anybody.
    mutating func isOver() -> Bool {
        let now = Self.now
        silence += min(now - lookedAt, 2 * Self.lookMilliseconds)
        lookedAt = now
        return silence >= milliseconds
    }

    private static var now: Int64 {
        linux_clock_nanoseconds(LINUX_CLOCK_MONOTONIC) / 1_000_000
    }
}
