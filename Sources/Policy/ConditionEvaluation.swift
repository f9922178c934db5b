/// Conditions held against facts. An allow rule needs that all of what may be is permitted, a deny
/// rule that any of it is named: what is not known counts against the payment in both.
extension RuleRecord {
    /// The first condition of an allow rule that may fail, in the order that all rules have.
    func conditionsShortfall(of facts: borrowing Facts, at index: UInt32) -> Shortfall {
        if facts.sighashes != 0, facts.sighashes & ~sighashes != 0 {
            return Shortfall(condition: .sighash, rule: index, cap: UInt64(sighashes))
        }
        var place = conditionsStart
        let end = conditionsEnd
        while place < end {
            if bytes[place] == ConditionKind.range.rawValue {
                // As one, so that its bounds are checked once.
                let record = bytes.extracting(place..<(place + ConditionRecord.rangeByteCount))
                let known = facts.range(ofCode: record[1])
                let least = record.littleEndian64(at: 2)
                if known.least < least {
                    return Shortfall(condition: .under(record[1]), rule: index, cap: least)
                }
                let most = record.littleEndian64(at: 10)
                if known.most > most {
                    return Shortfall(condition: .over(record[1]), rule: index, cap: most)
                }
                place += ConditionRecord.rangeByteCount
            } else {
                let condition = ConditionRecord(bytes, at: place)
                if let failed = condition.failure(of: facts) {
                    return Shortfall(condition: failed, rule: index, cap: condition.expectation)
                }
                place = condition.end
            }
        }
        return Shortfall(condition: .satisfied, rule: index, cap: 0)
    }

    /// Whether all conditions of a deny rule may hold.
    func mayDeny(_ facts: borrowing Facts) -> Bool {
        var walk = conditions
        while let condition = walk.next() {
            guard condition.mayHold(for: facts) else { return false }
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

    /// What a condition of an allow rule lacks, ranges and sighash types left out, or nil.
    fileprivate func failure(of facts: borrowing Facts) -> Shortfall.Condition? {
        switch kind {
        case .range, .sighashes: nil
        case .destinations: facts.outputOutside(lists) == nil ? nil : .destinations
        case .scripts: facts.scripts & ~mask == 0 ? nil : .scripts
        case .lockTime: UInt16(facts.lockTimes) & ~mask == 0 ? nil : .lockTime
        case .replaceable: UInt16(facts.replaceable) & ~mask == 0 ? nil : .replaceable
        case .replacement: UInt16(facts.replacement) & ~mask == 0 ? nil : .replacement
        case .requesters: isRequester(facts.asking, orUnknown: false) ? nil : .requester
        case .times: isTime(facts.asking, orUnknown: false) ? nil : .time
        }
    }

    fileprivate func mayHold(for facts: borrowing Facts) -> Bool {
        switch kind {
        case .range:
            let known = facts.range(ofCode: fact)
            return known.most >= least && known.least <= most
        case .destinations: return facts.listsPaid & lists != 0
        case .sighashes: return UInt16(facts.sighashes) & mask != 0
        case .scripts: return facts.scripts & mask != 0
        case .lockTime: return UInt16(facts.lockTimes) & mask != 0
        case .replaceable: return UInt16(facts.replaceable) & mask != 0
        case .replacement: return UInt16(facts.replacement) & mask != 0
        case .requesters, .times: return mayHold(for: facts.asking)
        }
    }

    fileprivate func mayHold(for asking: borrowing Asking) -> Bool {
        kindCode == ConditionKind.times.rawValue
            ? isTime(asking, orUnknown: true) : isRequester(asking, orUnknown: true)
    }

    private func isRequester(_ asking: borrowing Asking, orUnknown: Bool) -> Bool {
        guard let known = asking.requester else { return orUnknown }
        for index in 0..<count where requester(at: index) == known { return true }
        return false
    }

    private func isTime(_ asking: borrowing Asking, orUnknown: Bool) -> Bool {
        guard let minute = asking.minute(in: zone) else { return orUnknown }
        for index in 0..<count where span(at: index).contains(minute) { return true }
        return false
    }
}
