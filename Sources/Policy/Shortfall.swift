/// How far a transaction came with an allow rule about its wallet.
struct Shortfall {
    /// The conditions in the order they are tested; the first that fails is reported. Of a range,
    /// what is under it comes before what is over it.
    struct Condition: Equatable {
        let rawValue: UInt8

        static let noRule = Condition(rawValue: 0)
        static let sighash = Condition(rawValue: 1)
        @inline(__always)
        static func under(_ fact: UInt8) -> Condition { Condition(rawValue: 2 &* fact) }
        @inline(__always)
        static func over(_ fact: UInt8) -> Condition { Condition(rawValue: 2 &* fact &+ 1) }
        static let destinations = Condition(rawValue: 31)
        static let scripts = Condition(rawValue: 33)
        static let lockTime = Condition(rawValue: 34)
        static let replaceable = Condition(rawValue: 35)
        static let replacement = Condition(rawValue: 36)
        static let requester = Condition(rawValue: 37)
        static let time = Condition(rawValue: 38)
        /// The last: all else holds.
        static let approvals = Condition(rawValue: 40)
        /// Of a kind of condition that is neither a range nor of sighash types.
        @inline(__always)
        static func ofKind(_ code: UInt8) -> Condition { Condition(rawValue: code &+ 29) }
        static let satisfied = Condition(rawValue: 255)

        /// The code of the fact of a range, and whether it is under it.
        var range: (fact: UInt8, isUnder: Bool)? {
            rawValue >= 2 && rawValue < 31 ? (rawValue / 2, rawValue & 1 == 0) : nil
        }
    }

    /// The first condition of a rule that may fail, and where its bound stands in the bundle.
    struct Failure {
        static let none = Failure(condition: .satisfied, place: 0)

        let condition: Condition
        let place: Int
    }

    static let none = Shortfall(condition: .noRule, rule: PolicyFinding.noRule, cap: 0)
    static let satisfied = Shortfall(condition: .satisfied, rule: PolicyFinding.noRule, cap: 0)

    private(set) var condition: Condition
    private var rule: UInt32
    /// The bound that was passed, the lists that an output stands outside of, the set that the rule
    /// permits, how many requesters it names, or its zone.
    private var cap: UInt64

    /// Becomes what `rule` lacks, if that came nearer to being allowed: it failed later, or at the
    /// same condition with a wider bound. Lists and sighash types have no such order; there the
    /// first rule stays. Bounds are read only where they decide.
    @inline(__always)
    mutating func approach(_ failure: Failure, of rule: RuleRecord, at index: Int) {
        guard failure.condition.rawValue >= condition.rawValue else { return }
        let bound = rule.bound(of: failure)
        if failure.condition == condition {
            guard condition != .destinations, condition != .sighash else { return }
            let isUnder = condition.rawValue < 31 && condition.rawValue & 1 == 0
            guard isUnder ? bound < cap : bound > cap else { return }
        }
        (condition, self.rule, cap) = (failure.condition, UInt32(index), bound)
    }

    /// The refusal, or nil when there was no rule or nothing failed.
    func finding(_ facts: borrowing Facts) -> PolicyFinding? {
        if let (fact, isUnder) = condition.range {
            let known = facts.range(ofCode: fact)
            let refusal = Self.refusal(fact, isUnder: isUnder)
            return finding(refusal, isUnder ? known.least : known.most)
        }
        switch condition {
        case .sighash: return finding(.sighashNotInRule, UInt64(facts.sighashes))
        case .destinations:
            guard let output = facts.outputOutside(cap) else { return nil }
            return finding(.destinationNotListed, UInt64(output))
        case .scripts: return finding(.scriptKind, UInt64(facts.scripts))
        case .lockTime: return finding(.lockTimeKind, UInt64(facts.lockTimes))
        case .replaceable: return finding(.replaceability, UInt64(facts.replaceable))
        case .replacement: return finding(.replacementKind, UInt64(facts.replacement))
        case .requester:
            let requester = facts.asking.requester
            return finding(.requester, requester.map { UInt64($0) } ?? .max)
        case .time: return finding(.outsideTime, facts.asking.seconds ?? .max)
        case .approvals: return finding(.approvalsNeeded, 0)
        case _: return nil
        }
    }

    private static func refusal(_ fact: UInt8, isUnder: Bool) -> PolicyRefusal {
        switch NumericFact(rawValue: fact) {
        case .outflow: isUnder ? .outflowUnderMinimum : .outflowOverMaximum
        case .fee: isUnder ? .feeUnderMinimum : .feeOverMaximum
        case .feerate: isUnder ? .feerateUnderMinimum : .feerateOverMaximum
        case .largest: isUnder ? .outputUnderMinimum : .outputOverMaximum
        case .inputs: .inputCount
        case .outputs: .outputCount
        case .ownShare: .ownShare
        case nil: preconditionFailure("a fact that the checker knew")
        }
    }

    private func finding(_ refusal: PolicyRefusal, _ found: UInt64) -> PolicyFinding {
        PolicyFinding(refusal: refusal, rule: rule, expected: cap, found: found)
    }
}

extension RuleRecord {
    /// Whether the types of a request are permitted; nearly none has any, which is soon seen.
    @inline(__always)
    private func permits(_ used: UInt8) -> Bool { used == 0 || used & ~sighashes == 0 }

    /// The first condition of an allow rule that may fail, or that all hold.
    @_transparent
    func failure(of facts: borrowing Facts) -> Shortfall.Failure {
        if !permits(facts.sighashes) { return Shortfall.Failure(condition: .sighash, place: 0) }
        if hasConditions { return conditionsFailure(of: facts) }
        let record = paymentRecord
        if facts.outflow > record.field64(at: Offset.outflowMax) {
            return Shortfall.Failure(condition: .over(1), place: fields + Offset.outflowMax)
        }
        if facts.fee > record.field64(at: Offset.feeMax) {
            return Shortfall.Failure(condition: .over(2), place: fields + Offset.feeMax)
        }
        if facts.feerate > record.field64(at: Offset.feerateMax) {
            return Shortfall.Failure(condition: .over(3), place: fields + Offset.feerateMax)
        }
        let lists = record.field64(at: Offset.lists)
        if lists != 0, facts.isAnyOutside(lists) {
            return Shortfall.Failure(condition: .destinations, place: fields + Offset.lists)
        }
        return .none
    }

    /// What the condition that failed permits.
    @inline(__always)
    func bound(of failure: Shortfall.Failure) -> UInt64 {
        if failure.condition == .sighash { return UInt64(sighashes) }
        if failure.condition.rawValue <= Shortfall.Condition.destinations.rawValue {
            return bytes.littleEndian64(at: failure.place)
        }
        return failure.condition == .scripts
            ? UInt64(bytes.littleEndian16(at: failure.place)) : UInt64(bytes[failure.place])
    }

    /// The fields of a rule about payments, bounds-checked as one: since rules differ in length,
    /// the compiler checks each by itself otherwise, which doubles the time of the walk.
    @inline(__always)
    private var paymentRecord: Span<UInt8> {
        @_lifetime(copy self) get { bytes.record(at: fields, byteCount: Self.byteCount) }
    }
}
