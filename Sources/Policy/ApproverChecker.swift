private import Bytes

/// Approvers, their groups, and the rules that need them.
extension BundleChecker {
    /// Extension 1: the persons, then the groups.
    mutating func checkApprovers() throws(BundleError) {
        layout.needs.formUnion(.approvals)
        layout.personCount = try readCount(.persons, limit: PersonRecord.countMax)
        layout.persons = cursor.offset
        var previous: ByteRange?
        for item in 0..<layout.personCount {
            let name = try cursor.readName(.persons, item)
            try requireOrder(previous, name, .persons, item)
            previous = name
            try checkKeys(of: item)
        }
        layout.groupCount = try readCount(.groups, limit: GroupRecord.countMax)
        layout.groups = cursor.offset
        let known = CheckedBundle.mask(ofLowest: layout.personCount)
        previous = nil
        for item in 0..<layout.groupCount {
            let name = try cursor.readName(.groups, item)
            try requireOrder(previous, name, .groups, item)
            previous = name
            let persons = try cursor.readUInt64()
            try require(persons != 0 && persons & ~known == 0, .wrongMembers(item: item))
        }
    }

    /// At least one of each.
    private mutating func readCount(
        _ section: BundleSection,
        limit: Int
    ) throws(BundleError) -> Int {
        let count = Int(try cursor.readUInt8())
        let isCount = (1...limit).contains(count)
        try require(isCount, .tooMany(section: section, found: count, limit: limit))
        return count
    }

    private mutating func checkKeys(of item: Int) throws(BundleError) {
        let count = Int(try cursor.readUInt8())
        let isCount = (1...PersonRecord.keyCountMax).contains(count)
        try require(isCount, .wrongApproverKey(item: item, key: count))
        for place in 0..<count {
            let start = cursor.offset
            let options = try cursor.readUInt8()
            let wire = try cursor.readVec16()
            let key = wire.of(cursor.bytes)
            let isOfAuthenticator = SSHPublicKey.isOfAuthenticator(key)
            let known = isOfAuthenticator ? PersonRecord.verifies : 0
            let isKey = isOfAuthenticator || SSHPublicKey.isEd25519(key)
            guard isKey, options & ~known == 0, !isTaken(key, before: start) else {
                throw .wrongApproverKey(item: item, key: place)
            }
        }
    }

    /// Whether an approver before has the key, whatever application it is said to be for: nobody
    /// shall count for two.
    private func isTaken(_ key: Span<UInt8>, before end: Int) -> Bool {
        let point = SSHPublicKey.point(of: key)
        var start = layout.persons
        while start < end {
            let person = PersonRecord(cursor.bytes, at: start)
            var place = 0
            start = person.keyStart(0)
            while place < person.keyCount, start < end {
                if SSHPublicKey.point(of: person.key(at: place)).equals(point) { return true }
                place += 1
                start = person.keyStart(place)
            }
        }
        return false
    }

    /// Reads condition 11, but for its groups, which stand behind the rules.
    mutating func checkApprovals(
        at start: Int,
        _ item: Int,
        isDeny: Bool
    ) throws(BundleError) {
        layout.needs.formUnion(.approvals)
        let count = Int(try cursor.readUInt8())
        let isCount = (1...ConditionRecord.quorumCountMax).contains(count)
        try require(isCount && !isDeny, .wrongApprovals(item: item))
        _ = try cursor.skip(2 * count + 9)
        let condition = ConditionRecord(cursor.bytes, at: start)
        let expiries =
            ConditionRecord.expirySecondsMin...ConditionRecord.expirySecondsMax
        let isExpiry = expiries.contains(condition.expirySeconds)
        try require(
            isExpiry && condition.waitSeconds < condition.expirySeconds,
            .wrongApprovals(item: item)
        )
    }

    /// Holds every rule that needs approvals against the groups: there are enough persons in each,
    /// and nobody is in two of one rule, so that nobody counts twice.
    func checkGroupsOfRules() throws(BundleError) {
        let bytes = cursor.bytes
        let bundle = CheckedBundle(reading: bytes, layout: layout)
        var offset = layout.rules
        for item in 0..<layout.ruleCount {
            let rule = RuleRecord(bytes, at: offset)
            offset = rule.end
            guard rule.hasConditions, let condition = rule.approvals else { continue }
            var persons: UInt64 = 0
            for index in 0..<condition.count {
                let (group, threshold) = condition.quorum(at: index)
                try require(group < layout.groupCount, .wrongApprovals(item: item))
                let members = bundle.group(at: group).persons
                let isReachable = (1...members.nonzeroBitCount).contains(threshold)
                let isApart = members & persons == 0
                try require(isReachable && isApart, .wrongApprovals(item: item))
                persons |= members
            }
            let veto = condition.vetoGroup ?? 0
            try require(veto < layout.groupCount, .wrongApprovals(item: item))
        }
    }
}
