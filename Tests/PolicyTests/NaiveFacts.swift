import Policy
import TestSupport

/// What a request asks, in the plainest form.
struct Payment: Sendable {
    var wallet = 0
    var outputs: [(script: [UInt8], amount: UInt64)] = []
    var fee: UInt64 = 0
    var virtualSize: UInt32 = 141
    /// The sighash types beside ALL and DEFAULT, and whether others may add outputs.
    var sighashes: UInt8 = 0
    var isOpen: Bool { sighashes & (1 | 2 | 8 | 16) != 0 }
    /// Whether others may add inputs.
    var isJoinable: Bool { sighashes & (4 | 8 | 16) != 0 }

    /// Nothing of what follows is known where there is no sequence.
    var sequences: [UInt32] = []
    var ownOutputs: [UInt64] = []
    var lockTime: UInt32 = 0
    var version: UInt32 = 2
    var isReplacement: Bool?
    var requester: UInt32?
    var seconds: UInt64?

    /// What leaves: everything paid and the fee.
    var outflow: UInt64 { outputs.reduce(fee) { $0 + $1.amount } }
}

/// What is known of a payment: of every number what it may be, of every set all that may be in it.
struct NaiveFacts {
    let payment: Payment
    let sample: SampleBundle

    init(_ payment: Payment, _ sample: SampleBundle) {
        (self.payment, self.sample) = (payment, sample)
    }

    private static let anything: ClosedRange<UInt64> = 0...(.max)

    func range(_ fact: UInt8) -> ClosedRange<UInt64> {
        let known = !payment.sequences.isEmpty
        let settled = payment.sighashes == 0
        switch fact {
        case 1: return settled ? payment.outflow...payment.outflow : 0...payment.outflow
        case 2: return settled ? payment.fee...payment.fee : 0...payment.fee
        case 3:
            let size = UInt128(payment.virtualSize)
            let rate = UInt64((UInt128(payment.fee) * 1_000 + size - 1) / size)
            return settled ? rate...rate : 0...rate
        case 4:
            if payment.isOpen { return 0...(payment.isJoinable ? .max : payment.outflow) }
            let largest = payment.outputs.map(\.amount).max() ?? 0
            return largest...largest
        case 5:
            let count = UInt64(payment.sequences.count)
            return known ? count...(payment.isJoinable ? .max : count) : Self.anything
        case 6:
            let count = UInt64(payment.outputs.count + payment.ownOutputs.count)
            return known && !payment.isOpen ? count...count : Self.anything
        default:
            let own = UInt128(payment.ownOutputs.reduce(0, +))
            let all = own + UInt128(payment.outputs.reduce(0) { $0 + $1.amount })
            guard known, settled, all > 0 else { return Self.anything }
            return UInt64(own * 1_000_000 / all)...UInt64((own * 1_000_000 + all - 1) / all)
        }
    }

    /// For a rule that denies: others may pay any fee out of what they put in.
    private func worst(_ fact: UInt8) -> ClosedRange<UInt64> {
        let isFee = fact == 2 || fact == 3
        return isFee && payment.isJoinable ? range(fact).lowerBound...(.max) : range(fact)
    }

    var scripts: Set<Int> {
        payment.isOpen ? Set(0..<8) : Set(payment.outputs.map { Self.kind(of: $0.script) })
    }

    static func kind(of script: [UInt8]) -> Int {
        let isProgram =
            (4...42).contains(script.count) && Int(script[1]) == script.count - 2
            && (script[0] == 0 || (0x51...0x60).contains(script[0]))
        switch (script.first, script.count) {
        case (0x6a, _): return 5
        case (0x76, 25)
        where script.starts(with: [0x76, 0xa9, 20]) && script.suffix(2) == [0x88, 0xac]:
            return 0
        case (0xa9, 23) where script[1] == 20 && script[22] == 0x87: return 1
        case (0, 22) where isProgram: return 2
        case (0, 34) where isProgram: return 3
        case (0x51, 34) where isProgram: return 4
        default: return isProgram ? 6 : 7
        }
    }

    /// 0 none, 1 a height, 2 a time, 3 an input for some time after its coin.
    var lockTimes: Set<Int> {
        guard !payment.sequences.isEmpty else { return [0, 1, 2, 3] }
        func locks(_ sequences: [UInt32]) -> Set<Int> {
            var locks: Set<Int> = []
            if payment.lockTime != 0, sequences.contains(where: { $0 != .max }) {
                locks.insert(payment.lockTime < 500_000_000 ? 1 : 2)
            }
            let relative = sequences.filter { $0 < 1 << 31 && $0 % (1 << 16) > 0 }
            if payment.version >= 2, !relative.isEmpty { locks.insert(3) }
            return locks.isEmpty ? [0] : locks
        }
        let known = locks(payment.sequences)
        // Somebody else's input may say anything.
        guard payment.isJoinable else { return known }
        return [5, 0xffff_fffe].reduce(known) {
            $0.union(locks(payment.sequences + [$1]))
        }
    }

    var replaceable: Set<Int> {
        guard !payment.sequences.isEmpty else { return [0, 1] }
        if payment.sequences.contains(where: { $0 < 0xffff_fffe }) { return [1] }
        return payment.isJoinable ? [0, 1] : [0]
    }

    var replacement: Set<Int> { payment.isReplacement.map { [$0 ? 1 : 0] } ?? [0, 1] }

    func lists(of script: [UInt8]) -> (certain: Set<Int>, possible: Set<Int>) {
        let exact = bits(sample.destinations.first { $0.script == script }?.lists ?? 0)
        guard script.first == 0x6a else { return (exact, exact) }
        guard let data = Self.data(of: script) else {
            return (exact, sample.shapes.reduce(exact) { $0.union(bits($1.lists)) })
        }
        let all = sample.shapes.filter {
            data.starts(with: $0.prefix) && data.count >= Int($0.least)
                && data.count <= Int($0.most)
        }
        let found = all.reduce(exact) { $0.union(bits($1.lists)) }
        return (found, found)
    }

    private static func data(of script: [UInt8]) -> [UInt8]? {
        if script == [0x6a] { return [] }
        for prefixCount in [1, 2, 3] where script.count > prefixCount {
            let head = Array(script[1...prefixCount])
            let data = Array(script[(1 + prefixCount)...])
            switch prefixCount {
            case 1 where head[0] <= 75 && Int(head[0]) == data.count: return data
            case 2 where head[0] == 76 && Int(head[1]) == data.count: return data
            case 3 where head[0] == 77 && Int(head[1]) + 256 * Int(head[2]) == data.count:
                return data
            default: continue
            }
        }
        return nil
    }

    var possibleLists: Set<Int> {
        if payment.isOpen { return Set(sample.lists.indices) }
        return payment.outputs.reduce([]) { $0.union(lists(of: $1.script).possible) }
    }

    /// Nil if nothing is paid to it.
    func amountPaid(toList list: Int) -> UInt64? {
        if payment.isOpen { return payment.outflow }
        let paid = payment.outputs.filter { lists(of: $0.script).possible.contains(list) }
        return paid.isEmpty ? nil : paid.reduce(0) { $0 + $1.amount }
    }

    private func isOutside(_ mask: UInt64) -> Bool {
        payment.isOpen
            || payment.outputs.contains {
                lists(of: $0.script).certain.isDisjoint(with: bits(mask))
            }
    }

    /// Nil if the time is not known.
    private func isWithin(_ zone: UInt8, _ spans: [SampleCondition.Span]) -> Bool? {
        guard let seconds = payment.seconds else { return nil }
        let local = NaiveZone(sample.zones[Int(zone)]).local(seconds)
        return spans.contains {
            $0.days >> UInt8(local.weekday) & 1 == 1
                && (Int($0.first)...Int($0.last)).contains(local.minute)
        }
    }

    func mayHold(_ condition: SampleCondition) -> Bool {
        switch condition {
        case .range(let fact, let least, let most): worst(fact).overlaps(least...most)
        case .destinations(let lists): !possibleLists.isDisjoint(with: bits(lists))
        case .sighashes(let mask): payment.sighashes & mask != 0
        case .scripts(let mask): !scripts.isDisjoint(with: bits(UInt64(mask)))
        case .lockTime(let mask): !lockTimes.isDisjoint(with: bits(UInt64(mask)))
        case .replaceable(let mask): !replaceable.isDisjoint(with: bits(UInt64(mask)))
        case .replacement(let mask): !replacement.isDisjoint(with: bits(UInt64(mask)))
        case .requesters(let uids): payment.requester.map { uids.contains($0) } ?? true
        case .times(let zone, let spans): isWithin(zone, spans) ?? true
        case .approvals: preconditionFailure("not of a deny rule")
        }
    }

    /// How an allow rule fails by a condition, or nil; not by its sighash types.
    func failure(of condition: SampleCondition) -> NaivePolicy.Failure? {
        switch condition {
        case .range(let fact, let least, let most): return failure(fact, least, most)
        case .sighashes: return nil
        case .destinations(let lists):
            // Any output outside will do; which one is the evaluator's choice.
            return isOutside(lists) ? fails(20, .destinationNotListed, lists, .max, nil) : nil
        case .scripts(let mask): return fails(21, .scriptKind, UInt64(mask), scripts)
        case .lockTime(let mask): return fails(22, .lockTimeKind, UInt64(mask), lockTimes)
        case .replaceable(let mask): return fails(23, .replaceability, UInt64(mask), replaceable)
        case .replacement(let mask): return fails(24, .replacementKind, UInt64(mask), replacement)
        case .requesters(let uids):
            if let requester = payment.requester, uids.contains(requester) { return nil }
            let (count, found) = (UInt64(uids.count), payment.requester.map { UInt64($0) } ?? .max)
            return fails(25, .requester, count, found, count)
        case .times(let zone, let spans):
            guard isWithin(zone, spans) != true else { return nil }
            return fails(26, .outsideTime, UInt64(zone), payment.seconds ?? .max, UInt64(zone))
        case .approvals(let approvals):
            let count = UInt64(approvals.quorums.count)
            return fails(28, .approvalsNeeded, count, 0, count)
        }
    }

    private func failure(_ fact: UInt8, _ least: UInt64, _ most: UInt64) -> NaivePolicy.Failure? {
        let known = range(fact)
        let names: [(under: PolicyRefusal, over: PolicyRefusal)] = [
            (.outflowUnderMinimum, .outflowOverMaximum), (.feeUnderMinimum, .feeOverMaximum),
            (.feerateUnderMinimum, .feerateOverMaximum),
            (.outputUnderMinimum, .outputOverMaximum), (.inputCount, .inputCount),
            (.outputCount, .outputCount), (.ownShare, .ownShare),
        ]
        let name = names[Int(fact) - 1]
        let order = 2 * Int(fact)
        if known.lowerBound < least {
            return fails(order, name.under, least, known.lowerBound, .max - least)
        }
        if known.upperBound > most {
            return fails(order + 1, name.over, most, known.upperBound, most)
        }
        return nil
    }

    private func fails(
        _ order: Int,
        _ refusal: PolicyRefusal,
        _ permitted: UInt64,
        _ found: Set<Int>
    ) -> NaivePolicy.Failure? {
        guard !found.isSubset(of: bits(permitted)) else { return nil }
        return fails(order, refusal, permitted, mask(found), permitted)
    }

    private func fails(
        _ order: Int,
        _ refusal: PolicyRefusal,
        _ expected: UInt64,
        _ found: UInt64,
        _ rank: UInt64?
    ) -> NaivePolicy.Failure {
        NaivePolicy.Failure(
            order: order,
            refusal: refusal,
            expected: expected,
            found: found,
            rank: rank
        )
    }
}

/// A zone by counting days one by one.
struct NaiveZone {
    let zone: SampleZone

    init(_ zone: SampleZone) { self.zone = zone }

    /// Day of the week from Monday, and the minute of the day.
    func local(_ seconds: UInt64) -> (weekday: Int, minute: Int) {
        let local = Int(seconds) + offset(Int(seconds))
        let day = Int((Double(local) / 86_400).rounded(.down))
        return ((day + 3 + 70_000) % 7, (local - day * 86_400) / 60)
    }

    func offset(_ moment: Int) -> Int {
        guard let daylight = zone.daylight else { return Int(zone.offset) }
        let guess = 1970 + moment / 31_556_952
        var changes: [(moment: Int, offset: Int)] = []
        for year in (guess - 3)...(guess + 2) {
            let begin = Self.date(daylight.begin, year) - Int(zone.offset)
            changes.append((begin, Int(daylight.offset)))
            let end = Self.date(daylight.end, year) - Int(daylight.offset)
            changes.append((end, Int(zone.offset)))
        }
        return changes.filter { $0.moment <= moment }.max { $0.moment < $1.moment }?.offset ?? 0
    }

    private static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private static func date(_ change: [Int32], _ year: Int) -> Int {
        var day = 0
        for past in 1970..<max(1970, year) { day += isLeap(past) ? 366 : 365 }
        for coming in min(1970, year)..<1970 { day -= isLeap(coming) ? 366 : 365 }
        let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        for month in 0..<(Int(change[0]) - 1) { day += lengths[month] }
        let days = (day..<(day + lengths[Int(change[0]) - 1])).filter {
            ($0 + 4 + 70_000) % 7 == Int(change[2])
        }
        let chosen = change[1] == 5 ? days[days.count - 1] : days[Int(change[1]) - 1]
        return chosen * 86_400 + Int(change[3])
    }
}
