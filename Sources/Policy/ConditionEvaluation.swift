/// Conditions held against facts. An allow rule needs that all of what may be is permitted, a deny
/// rule that any of it is named: what is not known counts against the payment in both.
extension RuleRecord {
    /// The first condition of an allow rule that may fail, in the order that all rules have.
    func conditionsShortfall(of facts: borrowing Facts, at index: UInt32) -> Shortfall {
        if facts.sighashes != 0, facts.sighashes & ~sighashes != 0 {
            return Shortfall(condition: .sighash, rule: index, cap: UInt64(sighashes))
        }
        let place = firstFailing(facts)
        guard place < conditionsEnd else {
            return Shortfall(condition: .satisfied, rule: index, cap: 0)
        }
        let failed = ConditionRecord(bytes, at: place)
        guard failed.kindCode == ConditionKind.range.rawValue else {
            return Shortfall(condition: failed.failure, rule: index, cap: failed.expectation)
        }
        if facts.range(ofCode: failed.fact).least < failed.least {
            return Shortfall(condition: .under(failed.fact), rule: index, cap: failed.least)
        }
        return Shortfall(condition: .over(failed.fact), rule: index, cap: failed.most)
    }

    /// Whether all conditions of an allow rule hold.
    @inline(__always)
    func areConditionsSatisfied(by facts: borrowing Facts) -> Bool {
        if facts.sighashes != 0, facts.sighashes & ~sighashes != 0 { return false }
        return firstFailing(facts) >= conditionsEnd
    }

    /// Where the first condition stands that may fail, sighash types left out; the end if there is
    /// none. The hot walk: each condition is read where it stands, by its code.
    @inline(__always)
    private func firstFailing(_ facts: borrowing Facts) -> Int {
        // The first two are the ranges of outflow and fee, which every allow rule has.
        let size = ConditionRecord.rangeByteCount
        var place = conditionsStart
        let caps = bytes.extracting(place..<(place &+ 36))
        guard facts.outflowRange.least >= caps.littleEndian64(at: 2),
            facts.outflowRange.most <= caps.littleEndian64(at: 10)
        else { return place }
        place &+= size
        guard facts.feeRange.least >= caps.littleEndian64(at: 20),
            facts.feeRange.most <= caps.littleEndian64(at: 28)
        else { return place }
        place &+= size
        let end = conditionsEnd
        while place < end {
            let kind = bytes[place]
            if kind == ConditionKind.range.rawValue {
                // As one, so that its bounds are checked once.
                let record = bytes.extracting(place..<(place &+ size))
                let known = facts.range(ofCode: record[1])
                guard known.least >= record.littleEndian64(at: 2),
                    known.most <= record.littleEndian64(at: 10)
                else { return place }
                place &+= size
                continue
            }
            let condition = ConditionRecord(bytes, at: place)
            switch kind {
            case ConditionKind.destinations.rawValue:
                guard !facts.isAnyOutside(condition.lists) else { return place }
                place &+= 9
            case ConditionKind.scripts.rawValue:
                guard facts.scripts & ~bytes.littleEndian16(at: place + 1) == 0 else {
                    return place
                }
                place &+= 3
            case ConditionKind.lockTime.rawValue:
                guard facts.lockTimes & ~bytes[place + 1] == 0 else { return place }
                place &+= 2
            case ConditionKind.replaceable.rawValue:
                guard facts.replaceable & ~bytes[place + 1] == 0 else { return place }
                place &+= 2
            case ConditionKind.replacement.rawValue:
                guard facts.replacement & ~bytes[place + 1] == 0 else { return place }
                place &+= 2
            case ConditionKind.requesters.rawValue:
                guard condition.isRequester(facts.requester, orUnknown: false) else {
                    return place
                }
                place &+= 2 &+ 4 &* Int(bytes[place + 1])
            case ConditionKind.times.rawValue:
                let minute = facts.minute(in: condition.zone)
                guard condition.isTime(minute, orUnknown: false) else { return place }
                place &+= 3 &+ ConditionRecord.spanByteCount &* Int(bytes[place + 2])
            case _: place &+= 2
            }
        }
        return end
    }

    /// Whether all conditions of a deny rule may hold.
    func mayDeny(_ facts: borrowing Facts) -> Bool {
        var place = conditionsStart
        let end = conditionsEnd
        while place < end {
            if bytes[place] == ConditionKind.range.rawValue {
                let record = bytes.extracting(place..<(place &+ ConditionRecord.rangeByteCount))
                let known = facts.worstRange(ofCode: record[1])
                guard known.most >= record.littleEndian64(at: 2),
                    known.least <= record.littleEndian64(at: 10)
                else { return false }
                place &+= ConditionRecord.rangeByteCount
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

    /// What a finding expects: the lists or the set as bits, how many requesters, the zone.
    fileprivate var expectation: UInt64 {
        switch kind {
        case .range: least
        case .destinations: lists
        case .sighashes, .scripts, .lockTime, .replaceable, .replacement: UInt64(mask)
        case .requesters: UInt64(count)
        case .times: UInt64(zone)
        }
    }

    /// What a condition of an allow rule lacks that failed; not of a range.
    fileprivate var failure: Shortfall.Condition {
        switch kind {
        case .range, .sighashes: .sighash
        case .destinations: .destinations
        case .scripts: .scripts
        case .lockTime: .lockTime
        case .replaceable: .replaceable
        case .replacement: .replacement
        case .requesters: .requester
        case .times: .time
        }
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
        for index in 0..<Int(bytes[start + 1]) where requester(at: index) == known { return true }
        return false
    }

    @inline(__always)
    fileprivate func isTime(_ known: UInt16?, orUnknown: Bool) -> Bool {
        guard let known else { return orUnknown }
        let (day, minute) = known.quotientAndRemainder(dividingBy: TimeSpan.minutesOfDay)
        for index in 0..<Int(bytes[start + 2]) {
            let span = span(at: index)
            if span.days >> UInt8(day) & 1 == 1, span.first <= minute, minute <= span.last {
                return true
            }
        }
        return false
    }
}
