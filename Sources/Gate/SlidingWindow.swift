/// What may be charged to one limit in any span of its window.
package struct LimitCaps: Equatable, Sendable {
    /// Nanoseconds.
    package let window: UInt64
    /// Satoshi; nothing: no such cap.
    package let amountMax: UInt64?
    /// Signed transactions; nothing: no such cap.
    package let countMax: UInt32?
    /// The list each of whose destinations has all of this for itself; nothing: one window for all.
    package let eachOf: Int?

    package init(
        windowSeconds: UInt32,
        amountMax: UInt64?,
        countMax: UInt32?,
        eachOf: Int? = nil
    ) {
        window = UInt64(windowSeconds) * 1_000_000_000
        self.amountMax = amountMax
        self.countMax = countMax
        self.eachOf = eachOf
    }
}

/// What of a limit is in use.
package struct LimitUsage: Equatable, Sendable {
    /// Satoshi. Sums of many amounts of 64 bits do not fit into 64.
    package var amount: UInt128
    package var count: UInt64

    package init(amount: UInt128, count: UInt64) {
        self.amount = amount
        self.count = count
    }
}

/// The signings dated within one limit's window, with their sums. Every entry comes and goes once.
///
/// Invariants: dates do not decrease; `amount` is the sum over the groups whose latest entry is
/// here, `count` the number of entries that count.
struct SlidingWindow {
    struct Entry {
        let date: UInt64
        let group: Int
        /// A signing that charges this limit counts one; a mere redating of its group none.
        let counts: Bool
    }

    let caps: LimitCaps
    /// The log began with every limit used up, at this age.
    var filledAt: UInt64?
    private(set) var usage = LimitUsage(amount: 0, count: 0)
    private var entries: [Entry] = []
    private var head = 0
    /// The number that `entries[head]` has among all entries there ever were.
    private var headTicket: UInt64 = 0

    init(_ caps: LimitCaps) {
        self.caps = caps
    }

    /// The number of the next entry.
    var nextTicket: UInt64 { headTicket + UInt64(entries.count - head) }

    /// Whether an entry is still within the window.
    func holds(_ ticket: UInt64) -> Bool { ticket >= headTicket && ticket < nextTicket }

    /// Lets go of what is as old as the window or older. `amountOf` says what a group charges here
    /// if this ticket is its latest, else nothing.
    mutating func expire(at now: UInt64, _ amountOf: (Int, UInt64) -> UInt64?) {
        while head < entries.count, now - entries[head].date >= caps.window {
            let entry = entries[head]
            if let amount = amountOf(entry.group, headTicket) { usage.amount -= UInt128(amount) }
            if entry.counts { usage.count -= 1 }
            head += 1
            headTicket += 1
        }
        if let filled = filledAt, now - filled >= caps.window { filledAt = nil }
        // Half of it behind: copying the rest costs no more than what was let go.
        if head > 64, head * 2 > entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }

    /// Enters a signing of a group that charged `before` here (within the window) and now `after`.
    mutating func enter(_ entry: Entry, before: UInt64, after: UInt64) {
        entries.append(entry)
        usage.amount += UInt128(after)
        usage.amount -= UInt128(before)
        if entry.counts { usage.count += 1 }
    }

    /// What counts as used: never less than the caps where the log began used up.
    var used: LimitUsage {
        guard filledAt != nil else { return usage }
        return LimitUsage(
            amount: usage.amount + UInt128(caps.amountMax ?? 0),
            count: usage.count + UInt64(caps.countMax ?? 0)
        )
    }
}
