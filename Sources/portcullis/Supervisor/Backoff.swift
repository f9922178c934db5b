private import CLinux

/// When a process may be started again: at once when it had proved itself, later and later when it
/// ended before it ever listened.
struct Backoff {
    /// Starts in a row without a proof in between, after which something is wrong for good.
    static let failuresMax = 8

    private(set) var failures = 0
    private var notBefore: Int64 = 0
    private var isWaiting = true

    /// Milliseconds until the next start, nothing when it has been started.
    var remaining: Int32? {
        isWaiting ? Int32(clamping: max(0, notBefore - Self.now)) : nil
    }

    var isDue: Bool { isWaiting && Self.now >= notBefore }

    mutating func started() {
        isWaiting = false
    }

    /// The process listens: whatever ends it now was not its start.
    mutating func proved() {
        failures = 0
    }

    /// The process ended: the next start is 10 ms from now, then 20, 40, … up to 2.5 s.
    mutating func ended() {
        notBefore = Self.now + 10 << Int64(failures)
        failures += 1
        isWaiting = true
    }

    /// The process was ended by request, nobody's failure: the next start is 10 ms from now.
    mutating func stopped() {
        notBefore = Self.now + 10
        isWaiting = true
    }

    private static var now: Int64 {
        linux_clock_nanoseconds(LINUX_CLOCK_MONOTONIC) / 1_000_000
    }
}
