/// How far a transaction came with an allow rule about its wallet.
struct Shortfall {
    /// The conditions in the order they are tested; the first that fails is reported.
    enum Condition: UInt8 {
        case noRule, sighash, outflow, fee, feerate, destinations, satisfied
    }

    static let none = Shortfall(condition: .noRule, rule: PolicyFinding.noRule, cap: 0)

    let condition: Condition
    let rule: UInt32
    /// The cap that was exceeded, the lists that an output stands outside of, or the sighash types
    /// that the rule permits.
    let cap: UInt64

    /// Whether `other` came nearer to being allowed than this: it failed later, or at the same
    /// condition with a higher cap. Lists and types have no such order; there the first rule stays.
    @inline(__always)
    func isFurther(than other: Shortfall) -> Bool {
        if condition != other.condition { return condition.rawValue < other.condition.rawValue }
        return condition != .destinations && condition != .sighash && cap < other.cap
    }

    /// The refusal, or nil when there was no rule or nothing failed.
    func finding(_ facts: borrowing Facts) -> PolicyFinding? {
        switch condition {
        case .noRule, .satisfied:
            return nil
        case .sighash:
            return finding(.sighashNotInRule, UInt64(facts.sighashes))
        case .outflow:
            return finding(.outflowOverMaximum, facts.outflow)
        case .fee:
            return finding(.feeOverMaximum, facts.fee)
        case .feerate:
            return finding(.feerateOverMaximum, facts.feerate)
        case .destinations:
            guard let output = facts.outputOutside(cap) else { return nil }
            return finding(.destinationNotListed, UInt64(output))
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
        guard permits(facts.sighashes) else { return false }
        let record = paymentRecord
        guard facts.outflow <= record.littleEndian64(at: Offset.outflowMax) else { return false }
        guard facts.fee <= record.littleEndian64(at: Offset.feeMax) else { return false }
        guard facts.feerate <= record.littleEndian64(at: Offset.feerateMax) else { return false }
        let lists = record.littleEndian64(at: Offset.lists)
        return lists == 0 ? true : facts.outputOutside(lists) == nil
    }

    /// The first condition of an allow rule that the facts fail.
    @inline(__always)
    func shortfall(of facts: borrowing Facts, at index: Int) -> Shortfall {
        let rule = UInt32(index)
        if !permits(facts.sighashes) {
            return Shortfall(condition: .sighash, rule: rule, cap: UInt64(sighashes))
        }
        let record = paymentRecord
        let outflowMax = record.littleEndian64(at: Offset.outflowMax)
        if facts.outflow > outflowMax {
            return Shortfall(condition: .outflow, rule: rule, cap: outflowMax)
        }
        let feeMax = record.littleEndian64(at: Offset.feeMax)
        if facts.fee > feeMax {
            return Shortfall(condition: .fee, rule: rule, cap: feeMax)
        }
        let feerateMax = record.littleEndian64(at: Offset.feerateMax)
        if facts.feerate > feerateMax {
            return Shortfall(condition: .feerate, rule: rule, cap: feerateMax)
        }
        let lists = record.littleEndian64(at: Offset.lists)
        if lists != 0, facts.outputOutside(lists) != nil {
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
