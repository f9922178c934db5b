import Bytes
import Gate
import Wire

/// The rules of protocol.md, section 8, "Conflicting transactions", with nothing remembered but the
/// list of what was signed: every question is answered by going through all of it.
struct NaiveLimiter {
    struct Signing {
        let group: LeafOutpoint
        let charges: [LeafCharge]
        var paying: [DestinationCharge] = []
        let outflow: UInt64
        let date: UInt64

        /// What it charges to a limit that each destination has for itself, for this one.
        func amount(_ limit: Int, to script: HashKey) -> UInt64? {
            paying.filter { Int($0.limit) == limit && ($0.script == nil || $0.script == script) }
                .map(\.amount).max()
        }
    }

    let limits: [LimitCaps]
    var signings: [Signing] = []

    private var groups: [[Signing]] {
        var groups: [[Signing]] = []
        for signing in signings {
            if let place = groups.firstIndex(where: { $0[0].group == signing.group }) {
                groups[place].append(signing)
            } else {
                groups.append([signing])
            }
        }
        return groups
    }

    func anchor(among inputs: [LeafOutpoint]) -> LeafOutpoint? {
        var best: (anchor: LeafOutpoint, outflow: UInt64)?
        for group in groups where inputs.contains(group[0].group) {
            let outflow = group.map(\.outflow).max() ?? 0
            if best.map({ outflow > $0.outflow }) ?? true { best = (group[0].group, outflow) }
        }
        return best?.anchor
    }

    func usage(of limit: Int, at now: UInt64) -> LimitUsage {
        let window = limits[limit].window
        var amount: UInt128 = 0
        for group in groups {
            let amounts = group.flatMap(\.charges).filter { $0.limit == limit }.map(\.amount)
            guard let largest = amounts.max(), let latest = group.map(\.date).max() else {
                continue
            }
            if now - latest < window { amount += UInt128(largest) }
        }
        let count = signings.filter { signing in
            now - signing.date < window && signing.charges.contains { $0.limit == limit }
        }.count
        return LimitUsage(amount: amount, count: UInt64(count))
    }

    func admits(_ charges: [LeafCharge], group: LeafOutpoint, at now: UInt64) -> Bool {
        var after = self
        after.charge(charges, group: group, outflow: 0, at: now)
        return charges.allSatisfy { charge in
            let caps = limits[Int(charge.limit)]
            // A window of nothing holds not even the charge itself, which is capped all the same.
            var used = after.usage(of: Int(charge.limit), at: now)
            if caps.window == 0 {
                let members = after.signings.filter { $0.group == group }.flatMap(\.charges)
                let amounts = members.filter { $0.limit == charge.limit }.map(\.amount)
                used = LimitUsage(amount: UInt128(amounts.max() ?? 0), count: 1)
            }
            let amountFits = caps.amountMax.map { used.amount <= UInt128($0) } ?? true
            let countFits = caps.countMax.map { used.count <= UInt64($0) } ?? true
            return amountFits && countFits
        }
    }

    mutating func charge(
        _ charges: [LeafCharge],
        paying: [DestinationCharge] = [],
        group: LeafOutpoint,
        outflow: UInt64,
        at now: UInt64
    ) {
        signings.append(
            Signing(group: group, charges: charges, paying: paying, outflow: outflow, date: now)
        )
    }
}

/// The same for limits that each destination has for itself.
extension NaiveLimiter {
    func usage(of limit: Int, by script: HashKey, at now: UInt64) -> LimitUsage {
        let window = limits[limit].window
        var amount: UInt128 = 0
        for group in groups {
            let largest = group.compactMap { $0.amount(limit, to: script) }.max()
            guard let largest, let latest = group.map(\.date).max(), now - latest < window else {
                continue
            }
            amount += UInt128(largest)
        }
        let count = signings.filter { signing in
            now - signing.date < window && signing.amount(limit, to: script) != nil
        }.count
        return LimitUsage(amount: amount, count: UInt64(count))
    }

    func admits(
        _ paying: [DestinationCharge],
        among scripts: [HashKey],
        group: LeafOutpoint,
        at now: UInt64
    ) -> Bool {
        var after = self
        after.charge([], paying: paying, group: group, outflow: 0, at: now)
        return paying.allSatisfy { charge in
            let caps = limits[Int(charge.limit)]
            return scripts.allSatisfy { script in
                guard charge.script == nil || charge.script == script else { return true }
                let used = after.usage(of: Int(charge.limit), by: script, at: now)
                let amountFits = caps.amountMax.map { used.amount <= UInt128($0) } ?? true
                let countFits = caps.countMax.map { used.count <= UInt64($0) } ?? true
                return amountFits && countFits
            }
        }
    }
}
