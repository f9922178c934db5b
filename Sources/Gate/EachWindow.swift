/// One limit that each destination of a list has for itself: a sliding window for every
/// destination that was paid, under the rules of `Limiter`.
///
/// All that a group charges here is dated at its latest signing, so one entry a signing tells of
/// all its destinations when it leaves the window. What a group may pay to any destination (the
/// signatures leave its outputs open) is kept apart, and counts for everyone.
///
/// Invariants: `usages` hold, for each destination, the sum over the groups whose latest entry is
/// here of what they charge it above what they may pay to any; `anywhere` the sum of the latter.
struct EachWindow {
    /// A signing, or the redating of a group by one that charges nothing here.
    private struct Entry {
        let date: UInt64
        let group: Int
        /// Those that this signing charges; each counts one.
        let destinations: [UInt32]
        let countsForAll: Bool
    }

    /// What a group charges here, which is remembered as long as the log (decision 0011).
    private struct Share {
        var anywhere: UInt64 = 0
        var amounts: [UInt32: UInt64] = [:]
        /// The group's latest entry, among all that there ever were.
        var ticket: UInt64 = 0
    }

    let caps: LimitCaps
    /// The log began with every limit used up, at this age.
    var filledAt: UInt64?
    /// Destinations, and amounts and counted signings of destinations, that are remembered.
    private(set) var heldCount = 0
    /// What all destinations have used together.
    private var total = LimitUsage(amount: 0, count: 0)

    private var numbers: [HashKey: UInt32] = [:]
    private var usages: [LimitUsage] = []
    private var anywhere = LimitUsage(amount: 0, count: 0)
    private var shares: [Int: Share] = [:]
    private var entries: [Entry] = []
    private var head = 0
    private var headTicket: UInt64 = 0

    init(_ caps: LimitCaps) {
        self.caps = caps
    }

    /// What is in use by all destinations together; never less than the caps where the log began
    /// used up.
    var used: LimitUsage {
        LimitUsage(
            amount: total.amount + anywhere.amount + filled.amount,
            count: total.count + filled.count
        )
    }

    private var filled: LimitUsage {
        guard filledAt != nil else { return LimitUsage(amount: 0, count: 0) }
        return LimitUsage(
            amount: UInt128(caps.amountMax ?? 0),
            count: UInt64(caps.countMax ?? 0)
        )
    }

    /// Whether the latest entry of a group is within the window.
    private func holds(_ share: Share) -> Bool { share.ticket >= headTicket }

    private static func excess(_ amount: UInt64, over anywhere: UInt64) -> UInt128 {
        amount > anywhere ? UInt128(amount - anywhere) : 0
    }
}

/// Asking whether there is room. What is as old as the window was let go of before.
extension EachWindow {
    /// The most that any destination charged here would have used with these charges. Those of one
    /// signing are either all to destinations, or the one to all.
    func usage(with charges: [DestinationCharge], group: Int?) -> LimitUsage {
        let known = group.flatMap { shares[$0] }
        let share = known ?? Share()
        let isHeld = known.map(holds) ?? false
        let toAll = charges.first { $0.script == nil }?.amount
        let after = max(share.anywhere, toAll ?? 0)
        let rest = anywhere.amount - UInt128(isHeld ? share.anywhere : 0) + UInt128(after)
        /// What one destination would have used beyond what anyone may have been paid.
        func usage(of destination: UInt32, _ amount: UInt64) -> LimitUsage {
            let usage = usages[Int(destination)]
            let before = share.amounts[destination] ?? 0
            let held = isHeld ? Self.excess(before, over: share.anywhere) : 0
            return LimitUsage(
                amount: usage.amount - held + Self.excess(max(before, amount), over: after),
                count: usage.count
            )
        }
        var most = LimitUsage(amount: 0, count: 0)
        func raise(_ usage: LimitUsage) {
            most.amount = max(most.amount, usage.amount)
            most.count = max(most.count, usage.count)
        }
        if toAll != nil {
            for destination in usages.indices { raise(usage(of: UInt32(destination), 0)) }
        }
        for charge in charges {
            guard let script = charge.script else { continue }
            if let destination = numbers[script] {
                raise(usage(of: destination, charge.amount))
            } else {
                let amount = Self.excess(charge.amount, over: after)
                raise(LimitUsage(amount: amount, count: 0))
            }
        }
        return LimitUsage(
            amount: most.amount + rest + filled.amount,
            count: most.count + anywhere.count + 1 + filled.count
        )
    }
}

/// Entering and letting go.
extension EachWindow {
    /// Lets go of what is as old as the window or older.
    mutating func expire(at now: UInt64) {
        while head < entries.count, now - entries[head].date >= caps.window {
            let entry = entries[head]
            if let share = shares[entry.group], share.ticket == headTicket { withdraw(share) }
            for destination in entry.destinations { usages[Int(destination)].count -= 1 }
            if entry.countsForAll { anywhere.count -= 1 }
            if entry.countsForAll || !entry.destinations.isEmpty { total.count -= 1 }
            heldCount -= entry.destinations.count
            head += 1
            headTicket += 1
        }
        if let filled = filledAt, now - filled >= caps.window { filledAt = nil }
        if head > 64, head * 2 > entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }

    /// Enters a signing of a group; without charges it redates what the group charged before.
    mutating func enter(_ charges: [DestinationCharge], group: Int, at now: UInt64) {
        let known = shares.removeValue(forKey: group)
        guard known != nil || !charges.isEmpty else { return }
        let isHeld = known.map(holds) ?? false
        var share = known ?? Share()
        let toAll = charges.first { $0.script == nil }?.amount
        // What a group holds, and goes on to hold, is touched only where it changes.
        let isStill = isHeld && toAll ?? 0 <= share.anywhere
        if isHeld, !isStill { withdraw(share) }
        share.anywhere = max(share.anywhere, toAll ?? 0)
        var paid: [UInt32] = []
        for charge in charges {
            guard let script = charge.script else { continue }
            let destination = number(of: script)
            paid.append(destination)
            let before = share.amounts[destination]
            guard charge.amount > before ?? 0 else { continue }
            if before == nil { heldCount += 1 }
            share.amounts[destination] = charge.amount
            guard isStill else { continue }
            change(
                destination,
                from: Self.excess(before ?? 0, over: share.anywhere),
                to: Self.excess(charge.amount, over: share.anywhere)
            )
        }
        if !isStill { add(share) }
        share.ticket = headTicket + UInt64(entries.count - head)
        shares[group] = share
        append(Entry(date: now, group: group, destinations: paid, countsForAll: toAll != nil))
    }

    private mutating func append(_ entry: Entry) {
        entries.append(entry)
        for destination in entry.destinations { usages[Int(destination)].count += 1 }
        if entry.countsForAll { anywhere.count += 1 }
        if entry.countsForAll || !entry.destinations.isEmpty { total.count += 1 }
        heldCount += entry.destinations.count
    }

    private mutating func add(_ share: Share) {
        anywhere.amount += UInt128(share.anywhere)
        for (destination, amount) in share.amounts {
            change(destination, from: 0, to: Self.excess(amount, over: share.anywhere))
        }
    }

    private mutating func withdraw(_ share: Share) {
        anywhere.amount -= UInt128(share.anywhere)
        for (destination, amount) in share.amounts {
            change(destination, from: Self.excess(amount, over: share.anywhere), to: 0)
        }
    }

    private mutating func change(_ destination: UInt32, from before: UInt128, to after: UInt128) {
        let place = Int(destination)
        usages[place].amount = usages[place].amount + after - before
        total.amount = total.amount + after - before
    }

    private mutating func number(of script: HashKey) -> UInt32 {
        if let number = numbers[script] { return number }
        let number = UInt32(usages.count)
        numbers[script] = number
        usages.append(LimitUsage(amount: 0, count: 0))
        heldCount += 1
        return number
    }
}
