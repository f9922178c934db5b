private import Bytes
package import Wire

/// An outpoint as the key of a dictionary: what a conflict group is known by.
package struct GroupAnchor: Hashable, Sendable {
    private let txid: HashKey
    private let vout: UInt32

    package init(_ outpoint: LeafOutpoint) {
        txid = HashKey(outpoint.txid)
        vout = outpoint.vout
    }
}

/// A limit without room for a charge.
package struct LimitExceeded: Error, Equatable, Sendable {
    package let limit: UInt16
    /// The cap that would be passed, and what would be used: satoshi, or signed transactions.
    package let cap: UInt64
    package let wouldBe: UInt64
    /// What a client is told.
    package let refusal: Refusal

    package init(
        limit: UInt16,
        cap: UInt64,
        wouldBe: UInt64,
        refusal: Refusal = .limitExceeded
    ) {
        self.limit = limit
        self.cap = cap
        self.wouldBe = wouldBe
        self.refusal = refusal
    }
}

/// Exact sliding windows over what was signed, as protocol.md, section 8 has them: transactions
/// that exclude one another form a group, which charges its largest amount at its latest signing.
///
/// It knows no clock: dates are ages (`AgeClock`), which never decrease. Nothing is ever refunded.
package struct Limiter {
    /// What a group charges to one limit: its largest amount, and where it was last entered.
    private struct Share {
        let limit: UInt16
        var amount: UInt64
        var ticket: UInt64
    }

    private struct Group {
        let anchor: LeafOutpoint
        /// Satoshi; the largest among its members decides which group a transaction joins.
        var outflow: UInt64
        var shares: [Share]
    }

    /// What is remembered of limits that each destination has for itself, at most: destinations,
    /// and of each group and signing the destinations that it charges. About 400 MB if each is a
    /// destination of its own, which is the worst.
    package static let heldMax = 2 << 20

    private var windows: [SlidingWindow]
    /// In the place of those that each destination of a list has for itself.
    private var each: [EachWindow?]
    private let heldMax: Int
    private var groups: [Group] = []
    private var places: [GroupAnchor: Int] = [:]

    package init(_ limits: [LimitCaps], heldMax: Int = heldMax) {
        windows = limits.map { SlidingWindow($0) }
        each = limits.map { $0.eachOf == nil ? nil : EachWindow($0) }
        self.heldMax = heldMax
    }

    package var limitCount: Int { windows.count }

    /// The anchor of the group that a transaction joins: among the groups whose anchor it spends
    /// the one with the largest outflow, the older where two are equal; nothing if there is none.
    package func anchor(among inputs: [LeafOutpoint]) -> LeafOutpoint? {
        var best: Int?
        for input in inputs {
            guard let place = places[GroupAnchor(input)] else { continue }
            guard let known = best else {
                best = place
                continue
            }
            let outflow = groups[place].outflow
            let other = groups[known].outflow
            if outflow > other || (outflow == other && place < known) { best = place }
        }
        return best.map { groups[$0].anchor }
    }

    /// Throws the first limit that has no room for its charge at age `now`.
    package mutating func check(
        _ charges: [LeafCharge],
        paying: [DestinationCharge] = [],
        group anchor: LeafOutpoint,
        at now: UInt64
    ) throws(LimitExceeded) {
        let group = places[GroupAnchor(anchor)]
        for charge in charges {
            expire(charge.limit, at: now)
            let window = windows[Int(charge.limit)]
            var (before, after): (UInt64, UInt64) = (0, charge.amount)
            if let group, let share = share(of: group, charge.limit) {
                before = window.holds(share.ticket) ? share.amount : 0
                after = max(share.amount, charge.amount)
            }
            let used = window.used
            let usage = LimitUsage(
                amount: used.amount - UInt128(before) + UInt128(after),
                count: used.count + 1
            )
            try Self.require(usage, within: window.caps, charge.limit)
        }
        try check(paying, group: group, at: now)
    }

    private mutating func check(
        _ paying: [DestinationCharge],
        group: Int?,
        at now: UInt64
    ) throws(LimitExceeded) {
        for charges in Self.byLimit(paying) {
            let limit = charges[0].limit
            each[Int(limit)]?.expire(at: now)
            guard let window = each[Int(limit)] else { preconditionFailure("of no such limit") }
            try Self.require(window.usage(with: charges, group: group), within: window.caps, limit)
        }
        // A destination, an amount of it and a signing to be counted for each charge, at the most.
        guard let first = paying.first else { return }
        let held = each.reduce(3 * paying.count) { $0 + ($1?.heldCount ?? 0) }
        guard held <= heldMax else {
            throw LimitExceeded(
                limit: first.limit,
                cap: UInt64(heldMax),
                wouldBe: UInt64(held),
                refusal: .limitMemoryFull
            )
        }
    }

    private static func byLimit(_ paying: [DestinationCharge]) -> [[DestinationCharge]] {
        var groups: [[DestinationCharge]] = []
        for charge in paying {
            if groups.last?[0].limit != charge.limit { groups.append([]) }
            groups[groups.count - 1].append(charge)
        }
        return groups
    }

    private static func require(
        _ usage: LimitUsage,
        within caps: LimitCaps,
        _ limit: UInt16
    ) throws(LimitExceeded) {
        if let cap = caps.amountMax, usage.amount > UInt128(cap) {
            let wouldBe = UInt64(clamping: usage.amount)
            throw LimitExceeded(limit: limit, cap: cap, wouldBe: wouldBe)
        }
        if let cap = caps.countMax, usage.count > UInt64(cap) {
            throw LimitExceeded(limit: limit, cap: UInt64(cap), wouldBe: usage.count)
        }
    }

    /// Enters a signed transaction into the group of an anchor, which it founds if there is none.
    package mutating func charge(
        _ charges: [LeafCharge],
        paying: [DestinationCharge] = [],
        group anchor: LeafOutpoint,
        outflow: UInt64,
        at now: UInt64
    ) {
        let place = place(of: anchor)
        groups[place].outflow = max(groups[place].outflow, outflow)
        for charge in charges where share(of: place, charge.limit) == nil {
            // A ticket that no window holds: nothing is charged yet.
            groups[place].shares.append(Share(limit: charge.limit, amount: 0, ticket: .max))
        }
        for index in groups[place].shares.indices {
            let share = groups[place].shares[index]
            let limit = Int(share.limit)
            expire(share.limit, at: now)
            let charge = charges.first { $0.limit == share.limit }
            let after = max(share.amount, charge?.amount ?? 0)
            let before = windows[limit].holds(share.ticket) ? share.amount : 0
            let ticket = windows[limit].nextTicket
            let entry = SlidingWindow.Entry(date: now, group: place, counts: charge != nil)
            windows[limit].enter(entry, before: before, after: after)
            groups[place].shares[index].amount = after
            groups[place].shares[index].ticket = ticket
        }
        let byLimit = Self.byLimit(paying)
        for limit in each.indices {
            each[limit]?.expire(at: now)
            let charges = byLimit.first { $0[0].limit == limit } ?? []
            each[limit]?.enter(charges, group: place, at: now)
        }
    }

    /// Counts every limit as used up at age `now`: a log that follows a lost one begins like this.
    package mutating func fill(at now: UInt64) {
        for index in windows.indices {
            windows[index].filledAt = now
            each[index]?.filledAt = now
        }
    }

    /// What is in use of a limit at age `now`; by all destinations together where each has it.
    package mutating func usage(of limit: Int, at now: UInt64) -> LimitUsage {
        each[limit]?.expire(at: now)
        if let window = each[limit] { return window.used }
        expire(UInt16(limit), at: now)
        return windows[limit].used
    }

    private mutating func expire(_ limit: UInt16, at now: UInt64) {
        let groups = groups
        windows[Int(limit)].expire(at: now) { place, ticket in
            let share = groups[place].shares.first { $0.limit == limit }
            guard let share, share.ticket == ticket else { return nil }
            return share.amount
        }
    }

    private func share(of group: Int, _ limit: UInt16) -> Share? {
        groups[group].shares.first { $0.limit == limit }
    }

    private mutating func place(of anchor: LeafOutpoint) -> Int {
        let key = GroupAnchor(anchor)
        if let place = places[key] { return place }
        places[key] = groups.count
        groups.append(Group(anchor: anchor, outflow: 0, shares: []))
        return groups.count - 1
    }
}
