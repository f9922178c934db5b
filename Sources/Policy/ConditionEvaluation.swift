/// Conditions held against facts. An allow rule needs that all of what may be is permitted, a deny
/// rule that any of it is named: what is not known counts against the payment in both.
extension RuleRecord {
    /// The first condition of an allow rule that may fail, sighash types left out: the hot walk,
    /// each condition read where it stands, by its code.
    @_transparent
    func conditionsFailure(of facts: borrowing Facts) -> Shortfall.Failure {
        var place = conditionsStart
        // Every allow rule has the ranges of outflow and fee, and has them first.
        let caps = bytes.record(at: place, byteCount: 36)
        if facts.outflowRange.least < caps.field64(at: 2) {
            return Shortfall.Failure(condition: .under(1), place: place &+ 2)
        }
        if facts.outflowRange.most > caps.field64(at: 10) {
            return Shortfall.Failure(condition: .over(1), place: place &+ 10)
        }
        if facts.feeRange.least < caps.field64(at: 20) {
            return Shortfall.Failure(condition: .under(2), place: place &+ 20)
        }
        if facts.feeRange.most > caps.field64(at: 28) {
            return Shortfall.Failure(condition: .over(2), place: place &+ 28)
        }
        place &+= 36
        let end = conditionsEnd
        while place < end {
            let kind = bytes[place]
            let condition = ConditionRecord(bytes, at: place)
            let holds: Bool
            var size = 2
            // One jump for each condition: the code of a range's fact, or 8 more than its kind.
            switch kind == ConditionKind.range.rawValue ? bytes[place &+ 1] : kind &+ 8 {
            case NumericFact.feerate.rawValue:
                (holds, size) = (range(at: place, holds: facts.feerateRange), 18)
            case NumericFact.largest.rawValue:
                (holds, size) = (range(at: place, holds: facts.largestRange), 18)
            case NumericFact.inputs.rawValue:
                (holds, size) = (range(at: place, holds: facts.inputsRange), 18)
            case NumericFact.outputs.rawValue:
                (holds, size) = (range(at: place, holds: facts.outputsRange), 18)
            case NumericFact.ownShare.rawValue:
                (holds, size) = (range(at: place, holds: facts.ownShareRange), 18)
            case 8 &+ ConditionKind.destinations.rawValue:
                (holds, size) = (!facts.isAnyOutside(condition.lists), 9)
            case 8 &+ ConditionKind.scripts.rawValue:
                holds = facts.scripts & ~bytes.littleEndian16(at: place &+ 1) == 0
                size = 3
            case 8 &+ ConditionKind.lockTime.rawValue:
                holds = facts.lockTimes & ~bytes[place &+ 1] == 0
            case 8 &+ ConditionKind.replaceable.rawValue:
                holds = facts.replaceable & ~bytes[place &+ 1] == 0
            case 8 &+ ConditionKind.replacement.rawValue:
                holds = facts.replacement & ~bytes[place &+ 1] == 0
            case 8 &+ ConditionKind.requesters.rawValue:
                holds = condition.isRequester(facts.requester, orUnknown: false)
                size = 2 &+ 4 &* Int(bytes[place &+ 1])
            case 8 &+ ConditionKind.times.rawValue:
                holds = condition.isTime(facts.minute(in: condition.zone), orUnknown: false)
                size = 3 &+ ConditionRecord.spanByteCount &* Int(bytes[place &+ 2])
            // Sighash types were held against the rule before.
            case 8 &+ ConditionKind.sighashes.rawValue: holds = true
            // Approvals, and what the checker knows and this does not.
            case _: holds = false
            }
            guard holds else { return failure(at: place, facts) }
            place &+= size
        }
        return .none
    }

    /// Whether all that a number may be is in a range; its bounds are checked as one.
    @inline(__always)
    private func range(at place: Int, holds known: FactRange) -> Bool {
        let record = bytes.record(at: place, byteCount: ConditionRecord.rangeByteCount)
        return known.least >= record.field64(at: 2) && known.most <= record.field64(at: 10)
    }

    /// How the condition fails that stands at a place.
    @inline(__always)
    private func failure(at place: Int, _ facts: borrowing Facts) -> Shortfall.Failure {
        let condition = ConditionRecord(bytes, at: place)
        guard condition.kindCode == ConditionKind.range.rawValue else {
            let condition = Shortfall.Condition.ofKind(condition.kindCode)
            return Shortfall.Failure(condition: condition, place: place &+ 1)
        }
        let fact = condition.fact
        return facts.range(ofCode: fact).least < condition.least
            ? Shortfall.Failure(condition: .under(fact), place: place &+ 2)
            : Shortfall.Failure(condition: .over(fact), place: place &+ 10)
    }

    /// Whether all conditions of a deny rule may hold.
    func mayDeny(_ facts: borrowing Facts) -> Bool {
        var place = conditionsStart
        let end = conditionsEnd
        while place < end {
            if bytes[place] == ConditionKind.range.rawValue {
                let size = ConditionRecord.rangeByteCount
                let record = bytes.record(at: place, byteCount: size)
                let known = facts.worstRange(ofCode: record[1])
                guard known.most >= record.field64(at: 2), known.least <= record.field64(at: 10)
                else { return false }
                place &+= size
                continue
            }
            let condition = ConditionRecord(bytes, at: place)
            guard condition.mayHold(for: facts) else { return false }
            place = condition.end
        }
        return true
    }

    /// Whether a deny rule is about messages as well: one that says nothing of a payment, but who
    /// asks and when; and may match.
    func mayDeny(messageOf asking: borrowing Asking) -> Bool {
        guard effectCode == RuleEffect.denyConditions.rawValue else { return lists == 0 }
        var walk = conditions
        while let condition = walk.next() {
            guard condition.isAboutAsking, condition.mayHold(for: asking) else { return false }
        }
        return true
    }
}

extension ConditionRecord {
    /// Who asks, and when, can be asked of a message too.
    fileprivate var isAboutAsking: Bool {
        kindCode == ConditionKind.requesters.rawValue || kindCode == ConditionKind.times.rawValue
    }

    fileprivate func mayHold(for facts: borrowing Facts) -> Bool {
        switch kind {
        case .range: preconditionFailure("a range that the walk has read")
        case .destinations: return facts.listsPaid & lists != 0
        case .sighashes: return UInt16(facts.sighashes) & mask != 0
        case .scripts: return facts.scripts & mask != 0
        case .lockTime: return UInt16(facts.lockTimes) & mask != 0
        case .replaceable: return UInt16(facts.replaceable) & mask != 0
        case .replacement: return UInt16(facts.replacement) & mask != 0
        case .requesters: return isRequester(facts.requester, orUnknown: true)
        case .times: return isTime(facts.minute(in: zone), orUnknown: true)
        case .approvals: preconditionFailure("a condition of rules that allow")
        }
    }

    fileprivate func mayHold(for asking: borrowing Asking) -> Bool {
        kindCode == ConditionKind.times.rawValue
            ? isTime(asking.minute(in: zone), orUnknown: true)
            : isRequester(asking.requester, orUnknown: true)
    }

    @inline(__always)
    fileprivate func isRequester(_ known: UInt32?, orUnknown: Bool) -> Bool {
        guard let known else { return orUnknown }
        var place = start &+ 2
        let end = place &+ 4 &* Int(bytes[start &+ 1])
        while place < end {
            if bytes.littleEndian32(at: place) == known { return true }
            place &+= 4
        }
        return false
    }

    @inline(__always)
    fileprivate func isTime(_ known: WeekMinute?, orUnknown: Bool) -> Bool {
        guard let known else { return orUnknown }
        var place = start &+ 3
        let end = place &+ Self.spanByteCount &* Int(bytes[start &+ 2])
        while place < end {
            let span = bytes.record(at: place, byteCount: Self.spanByteCount)
            if span[0] & known.dayBit != 0, span.field16(at: 1) <= known.minute,
                known.minute <= span.field16(at: 3)
            {
                return true
            }
            place &+= Self.spanByteCount
        }
        return false
    }
}
