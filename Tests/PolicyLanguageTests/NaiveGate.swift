import Policy
import TestSupport

/// A payment as an attacker asks for it: amounts to scripts that are not ours, a fee, what comes
/// back.
struct Asked: Hashable, Sendable {
    var wallet = 0
    var outputs: [Output] = []
    var fee: UInt64 = 0
    var own: UInt64 = 0
    var sighash: UInt8 = 0
    var inputs = 1
    var requester: UInt32? = 7
    var seconds: UInt64? = 1_700_000_000
    var lockTime: UInt32 = 0
    var isReplaceable = true
    var isReplacement = false

    struct Output: Hashable, Sendable {
        var script: [UInt8]
        var amount: UInt64
    }

    var paid: UInt64 { outputs.reduce(0) { $0 + $1.amount } }
    var isOpen: Bool { sighash & (1 | 2 | 8 | 16) != 0 }
    /// With another sighash type than ALL all that the coins hold leaves, as fee.
    var outflow: UInt64 { sighash == 0 ? fee + paid : fee }

    func facts(_ bundle: CheckedBundle) -> Facts {
        var facts = Facts(
            wallet: wallet,
            outflow: outflow,
            fee: fee,
            virtualSize: 141,
            sighashes: sighash
        )
        if isOpen { facts.payAnywhere(output: UInt32(outputs.count), under: bundle) }
        for (place, output) in outputs.enumerated() where !isOpen {
            facts.pay(output.amount, to: output.script.span, output: UInt32(place), under: bundle)
        }
        facts.ask(Asking(requester: requester, seconds: seconds, under: bundle))
        facts.replace(isReplacement)
        facts.count(
            inputs: inputs,
            outputs: outputs.count + (own > 0 ? 1 : 0),
            ownAmount: own,
            outputAmount: paid + own
        )
        var sequences = Sequences()
        sequences.add(isReplaceable ? 0xffff_fffd : 0xffff_fffe)
        facts.lock(time: lockTime, version: 2, sequences)
        return facts
    }
}

/// What the real evaluator says of a payment: for each matching rule the limits that it is charged
/// to, the common ones included.
struct Judged {
    struct Charge {
        /// A limit, and of one of each destination the script.
        var key: Key
        var amount: UInt64
    }

    struct Key: Hashable {
        var limit: Int
        var script: [UInt8] = []
    }

    var candidates: [(rule: Int, charges: [Charge])] = []

    init(_ asked: Asked, _ sample: SampleBundle, _ bundle: CheckedBundle) {
        var sink = Sink()
        guard bundle.evaluate(asked.facts(bundle), into: &sink) == .allow else { return }
        let common = sink.common.flatMap { charge -> [Charge] in
            let limit = sample.limits[charge.key.limit]
            guard limit.scope == 4 else { return [charge] }
            // Protocol.md: what is paid to each destination of the list, summed.
            var sums: [[UInt8]: UInt64] = [:]
            for output in asked.outputs {
                let lists = sample.destinations.first { $0.script == output.script }?.lists ?? 0
                guard lists >> UInt64(limit.index) & 1 == 1 else { continue }
                sums[output.script, default: 0] += output.amount
            }
            return sums.map { Charge(key: Key(limit: charge.key.limit, script: $0), amount: $1) }
        }
        candidates = zip(sink.rules, sink.own).map { ($0, $1 + common) }
    }

    private struct Sink: EvaluationSink {
        var rules: [Int] = []
        var own: [[Charge]] = []
        var common: [Charge] = []
        var isCommon = false

        mutating func matched(rule: UInt16) {
            rules.append(Int(rule))
            own.append([])
        }

        mutating func beginCommonCharges() { isCommon = true }

        mutating func charge(limit: UInt16, amount: UInt64) {
            let charge = Charge(key: Key(limit: Int(limit)), amount: amount)
            if isCommon { common.append(charge) } else { own[own.count - 1].append(charge) }
        }
    }
}

/// The limits as protocol.md, section 8 has them, by looking at all that was ever signed.
struct NaiveGate {
    struct Signed {
        var time: Int
        var wallet: Int
        var group: Int
        var outflow: UInt64
        var charges: [Judged.Charge]
    }

    let sample: SampleBundle
    var signed: [Signed] = []
    var groupCount = 0

    init(_ sample: SampleBundle) { self.sample = sample }

    var allowanceLeft: UInt64 {
        let spent = signed.reduce(0) { $0 + $1.outflow }
        return spent < sample.allowance ? sample.allowance - spent : 0
    }

    /// What a limit has room for, for a new group.
    func room(_ key: Judged.Key, at now: Int) -> UInt64 {
        let limit = sample.limits[key.limit]
        guard limit.amount != .max else { return .max }
        let used = used(key, at: now, without: nil)
        return used >= limit.amount ? 0 : limit.amount - used
    }

    private func used(_ key: Judged.Key, at now: Int, without group: Int?) -> UInt64 {
        let window = Int(sample.limits[key.limit].window)
        var latest = [Int](repeating: .min / 2, count: groupCount)
        var largest = [UInt64](repeating: 0, count: groupCount)
        for entry in signed {
            latest[entry.group] = max(latest[entry.group], entry.time)
            for charge in entry.charges where charge.key == key {
                largest[entry.group] = max(largest[entry.group], charge.amount)
            }
        }
        return largest.indices.reduce(0) { sum, place in
            place != group && now - latest[place] < window ? sum + largest[place] : sum
        }
    }

    /// Whether every limit has room; `group` is one that the payment joins, or a new one.
    func admits(_ charges: [Judged.Charge], outflow: UInt64, group: Int, at now: Int) -> Bool {
        guard outflow <= allowanceLeft else { return false }
        return charges.allSatisfy { charge in
            let limit = sample.limits[charge.key.limit]
            let mine =
                signed.filter { $0.group == group }.flatMap(\.charges)
                .filter { $0.key == charge.key }.map(\.amount).max() ?? 0
            let others = used(charge.key, at: now, without: group)
            let count = signed.filter { entry in
                now - entry.time < Int(limit.window)
                    && entry.charges.contains { $0.key == charge.key }
            }.count
            return (limit.amount == .max || others + max(mine, charge.amount) <= limit.amount)
                && (limit.count == .max || count + 1 <= Int(limit.count))
        }
    }

    /// Takes the first matching rule with room, as the gate does; whether there was one.
    mutating func sign(_ asked: Asked, _ judged: Judged, group: Int?, at now: Int) -> Bool {
        let place = group ?? groupCount
        for candidate in judged.candidates
        where admits(candidate.charges, outflow: asked.outflow, group: place, at: now) {
            groupCount = max(groupCount, place + 1)
            signed.append(
                Signed(
                    time: now,
                    wallet: asked.wallet,
                    group: place,
                    outflow: asked.outflow,
                    charges: candidate.charges
                )
            )
            return true
        }
        return false
    }

    /// The most that can confirm of what was signed from `begin` on: of each group the largest.
    func confirmed(from begin: Int) -> UInt64 {
        var largest: [Int: UInt64] = [:]
        for entry in signed where entry.time >= begin {
            largest[entry.group] = max(largest[entry.group] ?? 0, entry.outflow)
        }
        return largest.values.reduce(0, +)
    }
}
