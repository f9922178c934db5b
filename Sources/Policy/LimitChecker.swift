private import Bytes

/// The limits of a bundle: sorted by scope, scope index and name, so that one walk over the rules
/// meets the limits of each.
extension BundleChecker {
    mutating func checkLimits() throws(BundleError) {
        let bytes = cursor.bytes
        let count = try readCount(of: .limits, limit: BundleLayout.limitCountMax)
        layout.limits = cursor.offset
        layout.limitCount = count
        var previous: Int?
        for item in 0..<count {
            let start = cursor.offset
            _ = try cursor.readName(.limits, item)
            _ = try cursor.skip(LimitRecord.byteCount)
            let limit = LimitRecord(bytes, at: start)
            try checkFields(of: limit, item)
            if limit.scopeKey >> 16 == 4 { layout.needs.formUnion(.eachDestination) }
            if let previous {
                try requireOrder(LimitRecord(bytes, at: previous), limit, item)
            }
            previous = start
        }
    }

    private func checkFields(of limit: LimitRecord, _ item: Int) throws(BundleError) {
        let code = limit.scopeKey >> 16
        let bound: Int
        switch code {
        case 0, 16: bound = 1
        case 1, 17: bound = layout.walletCount
        case 2, 18: bound = 0xFFFF  // held against the rules once they are read
        case 3, 4: bound = layout.listCount
        default: throw .unknownScope(item: item, found: UInt8(code))
        }
        guard Int(limit.scopeIndex) < bound else {
            throw .wrongScopeIndex(item: item, found: limit.scopeIndex)
        }
        guard limit.windowSeconds > 0 else { throw .limitWithoutWindow(item: item) }
        try require(limit.amountMax != nil || limit.countMax != nil, .limitWithoutCap(item: item))
        // What a fee budget counts are fees; who wants to count payments has the other limits.
        try require(code < 16 || limit.countMax == nil, .wrongFeeBudget(item: item))
    }

    private func requireOrder(
        _ previous: LimitRecord,
        _ limit: LimitRecord,
        _ item: Int
    ) throws(BundleError) {
        let sameScope = previous.scopeKey == limit.scopeKey
        let ordered =
            sameScope
            ? previous.name.precedes(limit.name) : previous.scopeKey < limit.scopeKey
        guard ordered else { throw .outOfOrder(section: .limits, item: item) }
    }

    /// Holds every limit of a rule against that rule: it must exist and allow something, and
    /// payments where the fees are limited.
    func checkRulesOfLimits() throws(BundleError) {
        try checkRulesOfLimits(scope: 2)
        try checkRulesOfLimits(scope: 18)
    }

    private func checkRulesOfLimits(scope: UInt32) throws(BundleError) {
        let bytes = cursor.bytes
        var rule = 0
        var ruleOffset = layout.rules
        var limitOffset = layout.limits
        for item in 0..<layout.limitCount {
            let limit = LimitRecord(bytes, at: limitOffset)
            limitOffset = limit.end
            guard limit.scopeKey >> 16 == scope else { continue }
            let wanted = Int(limit.scopeIndex)
            guard wanted < layout.ruleCount else {
                throw .wrongScopeIndex(item: item, found: limit.scopeIndex)
            }
            while rule < wanted {
                ruleOffset = RuleRecord(bytes, at: ruleOffset).end
                rule += 1
            }
            let record = RuleRecord(bytes, at: ruleOffset)
            guard scope == 2 ? !record.isDeny : record.allowsPayments else {
                throw .wrongScopeIndex(item: item, found: limit.scopeIndex)
            }
        }
    }
}
