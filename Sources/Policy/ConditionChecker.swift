private import Bitcoin

/// The conditions of a rule: each kind at most once, ranges once a fact, in ascending order.
extension BundleChecker {
    /// Reads the conditions of a rule of effect 5 or 6.
    mutating func checkConditions(
        _ item: Int,
        isDeny: Bool,
        byteCount: Int
    ) throws(BundleError) {
        let end = cursor.offset + byteCount
        layout.needs.formUnion(.conditions)
        var previous: UInt16 = 0
        var needed: UInt8 = isDeny ? 3 : 0
        while cursor.offset < end {
            let start = cursor.offset
            let kindCode = try cursor.readUInt8()
            guard let kind = ConditionKind(rawValue: kindCode) else {
                throw .unknownCondition(item: item, found: kindCode)
            }
            let order = UInt16(kindCode) << 8 | (kind == .range ? UInt16(try peekByte()) : 0)
            guard order > previous else { throw .conditionsOutOfOrder(item: item) }
            previous = order
            try checkCondition(kind, at: start, item, isDeny: isDeny)
            if order == 0x101 { needed |= 1 }
            if order == 0x102 { needed |= 2 }
        }
        guard cursor.offset == end else { throw .conditionsTooLong(item: item) }
        // So that no cap is forgotten.
        guard needed == 3 else { throw .allowWithoutCaps(item: item) }
    }

    private func peekByte() throws(BundleError) -> UInt8 {
        let offset = cursor.offset
        try require(cursor.left > 0, .truncated(offset: offset, needed: 1, left: 0))
        return cursor.bytes[offset]
    }

    private mutating func checkCondition(
        _ kind: ConditionKind,
        at start: Int,
        _ item: Int,
        isDeny: Bool
    ) throws(BundleError) {
        switch kind {
        case .range: try checkRange(item, isDeny: isDeny)
        case .destinations:
            let lists = try cursor.readUInt64()
            let known = CheckedBundle.mask(ofLowest: layout.listCount)
            guard lists != 0, lists & ~known == 0 else {
                throw .unknownLists(section: .rules, item: item, found: lists)
            }
        case .sighashes:
            let mask = try cursor.readUInt8()
            guard mask != 0, mask & ~SighashPermission.every == 0 else {
                throw .unknownSighashes(item: item, found: mask)
            }
        case .scripts:
            let mask = try cursor.readUInt16()
            try checkSet(mask, atMost: ScriptKinds.every, kind, item)
        case .lockTime:
            // All of them together say nothing.
            let mask = UInt16(try cursor.readUInt8())
            try checkSet(mask, atMost: UInt16(LockTimes.every) - 1, kind, item)
        case .replaceable, .replacement:
            let mask = UInt16(try cursor.readUInt8())
            try checkSet(mask, atMost: UInt16(Either.every) - 1, kind, item)
        case .requesters: try checkRequesters(at: start, item)
        case .times: try checkTimes(at: start, item)
        case .approvals: try checkApprovals(at: start, item, isDeny: isDeny)
        }
    }

    private func checkSet(
        _ mask: UInt16,
        atMost most: UInt16,
        _ kind: ConditionKind,
        _ item: Int
    ) throws(BundleError) {
        guard (1...most).contains(mask) else {
            throw .wrongSet(item: item, kind: kind.rawValue, found: mask)
        }
    }

    /// A range that says nothing is refused, but for the two that a rule must say it of.
    private mutating func checkRange(_ item: Int, isDeny: Bool) throws(BundleError) {
        let fact = try cursor.readUInt8()
        let least = try cursor.readUInt64()
        let most = try cursor.readUInt64()
        guard let fact = NumericFact(rawValue: fact) else {
            throw .unknownFact(item: item, found: fact)
        }
        let isBound = least > 0 || most < .max
        let isDemanded = !isDeny && (fact == .outflow || fact == .fee)
        guard least <= most, isBound || isDemanded else {
            throw .wrongRange(item: item, fact: fact.rawValue)
        }
    }

    private mutating func checkRequesters(at start: Int, _ item: Int) throws(BundleError) {
        let count = Int(try cursor.readUInt8())
        try require(
            (1...ConditionRecord.requesterCountMax).contains(count),
            .wrongRequesters(item: item)
        )
        _ = try cursor.skip(4 * count)
        let condition = ConditionRecord(cursor.bytes, at: start)
        for index in 1..<max(1, count)
        where condition.requester(at: index - 1) >= condition.requester(at: index) {
            throw .wrongRequesters(item: item)
        }
    }

    private mutating func checkTimes(at start: Int, _ item: Int) throws(BundleError) {
        let zone = Int(try cursor.readUInt8())
        if zone > zoneNeeded?.zone ?? -1 { zoneNeeded = (zone, item) }
        let count = Int(try cursor.readUInt8())
        let isCount = (1...ConditionRecord.spanCountMax).contains(count)
        try require(isCount, .wrongTimes(item: item))
        _ = try cursor.skip(ConditionRecord.spanByteCount * count)
        let condition = ConditionRecord(cursor.bytes, at: start)
        for index in 0..<count {
            let span = condition.span(at: index)
            let isSpan = (1...127).contains(span.days) && span.first <= span.last
            try require(isSpan && span.last < TimeSpan.minutesOfDay, .wrongTimes(item: item))
            guard index > 0 else { continue }
            let isOrdered = condition.span(at: index - 1).precedes(span)
            try require(isOrdered, .wrongTimes(item: item))
        }
    }
}
