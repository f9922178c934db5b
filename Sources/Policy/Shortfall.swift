/// How far a transaction came with an allow rule about its wallet.
struct Shortfall {
    /// The conditions in the order they are tested; the first that fails is reported. Of a range,
    /// what is under it comes before what is over it.
    struct Condition: Equatable {
        let rawValue: UInt8

        static let noRule = Condition(rawValue: 0)
        static let sighash = Condition(rawValue: 1)
        static func under(_ fact: UInt8) -> Condition { Condition(rawValue: 2 * fact) }
        @inline(__always)
        static func over(_ fact: UInt8) -> Condition { Condition(rawValue: 2 * fact + 1) }
        static let destinations = Condition(rawValue: 32)
        static let scripts = Condition(rawValue: 33)
        static let lockTime = Condition(rawValue: 34)
        static let replaceable = Condition(rawValue: 35)
        static let replacement = Condition(rawValue: 36)
        static let requester = Condition(rawValue: 37)
        static let time = Condition(rawValue: 38)
        static let satisfied = Condition(rawValue: 255)

        /// The code of the fact of a range, and whether it is under it.
        var range: (fact: UInt8, isUnder: Bool)? {
            rawValue >= 2 && rawValue < 32 ? (rawValue / 2, rawValue & 1 == 0) : nil
        }
    }

    static let none = Shortfall(condition: .noRule, rule: PolicyFinding.noRule, cap: 0)

    let condition: Condition
    let rule: UInt32
    /// The bound that was passed, the lists that an output stands outside of, the set that the rule
    /// permits, how many requesters it names, or its zone.
    let cap: UInt64

    /// Whether `other` came nearer to being allowed than this: it failed later, or at the same
    /// condition with a wider bound. Lists and sighash types have no such order; there the first
    /// rule stays.
    @inline(__always)
    func isFurther(than other: Shortfall) -> Bool {
        if condition != other.condition { return condition.rawValue < other.condition.rawValue }
        guard condition != .destinations && condition != .sighash else { return false }
        let isUnder = condition.range?.isUnder ?? false
        return isUnder ? other.cap < cap : cap < other.cap
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

    /// Whether an allow rule's conditions all hold.
    @inline(__always)
    func isSatisfied(by facts: borrowing Facts) -> Bool {
        if hasConditions { return areConditionsSatisfied(by: facts) }
        guard permits(facts.sighashes) else { return false }
        let record = paymentRecord
        guard facts.outflow <= record.littleEndian64(at: Offset.outflowMax) else { return false }
        guard facts.fee <= record.littleEndian64(at: Offset.feeMax) else { return false }
        guard facts.feerate <= record.littleEndian64(at: Offset.feerateMax) else { return false }
        let lists = record.littleEndian64(at: Offset.lists)
        return lists == 0 ? true : !facts.isAnyOutside(lists)
    }

    /// The first condition of an allow rule that the facts fail.
    @inline(__always)
    func shortfall(of facts: borrowing Facts, at index: Int) -> Shortfall {
        let rule = UInt32(index)
        if hasConditions { return conditionsShortfall(of: facts, at: rule) }
        if !permits(facts.sighashes) {
            return Shortfall(condition: .sighash, rule: rule, cap: UInt64(sighashes))
        }
        let record = paymentRecord
        let outflowMax = record.littleEndian64(at: Offset.outflowMax)
        if facts.outflow > outflowMax {
            return Shortfall(condition: .over(1), rule: rule, cap: outflowMax)
        }
        let feeMax = record.littleEndian64(at: Offset.feeMax)
        if facts.fee > feeMax {
            return Shortfall(condition: .over(2), rule: rule, cap: feeMax)
        }
        let feerateMax = record.littleEndian64(at: Offset.feerateMax)
        if facts.feerate > feerateMax {
            return Shortfall(condition: .over(3), rule: rule, cap: feerateMax)
        }
        let lists = record.littleEndian64(at: Offset.lists)
        if lists != 0, facts.isAnyOutside(lists) {
            return Shortfall(condition: .destinations, rule: rule, cap: lists)
        }
        return Shortfall(condition: .satisfied, rule: rule, cap: 0)
    }

    /// The fields of a rule about payments, bounds-checked as one: since rules differ in length,
    /// the compiler checks each by itself otherwise, which doubles the time of the walk.
    @inline(__always)
    private var paymentRecord: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting(fields..<(fields + Self.byteCount)) }
    }
}
