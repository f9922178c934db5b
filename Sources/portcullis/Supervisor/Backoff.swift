private import CLinux

/// When a process may be started again: at once when it held for a while, later and later when it
/// ended again and again.
struct Backoff {
    /// Starts in a row that never listened, after which something is wrong for good.
    static let failuresMax = 8
    /// A process that listened for so long held: the next start begins at the shortest wait again.
    static let heldMilliseconds: Int64 = 10_000
    static let waitMinMilliseconds: Int64 = 10
    /// What `--restart-wait-max` is unless it is given.
    static let waitMaxMilliseconds: UInt32 = 10_000

    private let waitMax: Int64
    private(set) var failures = 0
    private var wait = waitMinMilliseconds
    private var listensSince: Int64?
    private var notBefore: Int64 = 0
    private var isWaiting = true

    init(waitMaxMilliseconds: UInt32) {
        waitMax = Int64(waitMaxMilliseconds)
    }

    /// Milliseconds until the next start, nothing when it has been started.
    var remaining: Int32? {
        isWaiting ? Int32(clamping: max(0, notBefore - Self.now)) : nil
    }

    var isDue: Bool { isWaiting && Self.now >= notBefore }

    mutating func started() {
        isWaiting = false
        listensSince = nil
    }

    /// The process listens: whatever ends it now was not its start.
    mutating func proved() {
        failures = 0
        listensSince = Self.now
    }

    /// The process ended: the next start is 10 ms from now, then 20, 40, … up to the longest wait.
    mutating func ended() {
        let now = Self.now
        if let listensSince, now - listensSince >= Self.heldMilliseconds {
            wait = Self.waitMinMilliseconds
        }
        let next = min(wait, waitMax)
        notBefore = now + next
        wait = min(2 * wait, max(waitMax, Self.waitMinMilliseconds))
        failures += 1
        isWaiting = true
    }

    /// The process was ended by request, nobody's failure: the next start is 10 ms from now.
    mutating func stopped() {
        notBefore = Self.now + Self.waitMinMilliseconds
        isWaiting = true
    }

    private static var now: Int64 {
        linux_clock_nanoseconds(LINUX_CLOCK_MONOTONIC) / 1_000_000
    }
}
