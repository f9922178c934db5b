package import Bytes

extension CheckedBundle {
    /// The index of the wallet with that id, or nil.
    package func walletIndex(id: Bytes32) -> Int? {
        for index in 0..<walletCount where walletID(at: index) == id {
            return index
        }
        return nil
    }

    /// The number of destination lists, at most 64.
    package var listCount: Int { layout.listCount }

    /// The name of destination list `index`, in the order of names.
    @_lifetime(copy self)
    package func listName(at index: Int) -> Span<UInt8> {
        precondition(index >= 0 && index < listCount, "no such list")
        var start = layout.lists
        for _ in 0..<index {
            start += 1 + Int(bytes[start])
        }
        return bytes.extracting((start + 1)..<(start + 1 + Int(bytes[start])))
    }

    /// The number of limits, at most 1,024.
    package var limitCount: Int { layout.limitCount }

    /// Limit `index`, in the order of scope, scope index and name; found by walking.
    @_lifetime(copy self)
    package func limit(at index: Int) -> LimitRecord {
        precondition(index >= 0 && index < limitCount, "no such limit")
        var start = layout.limits
        for _ in 0..<index {
            start = LimitRecord(bytes, at: start).end
        }
        return LimitRecord(bytes, at: start)
    }

    /// The number of rules, at most 65,535.
    package var ruleCount: Int { layout.ruleCount }

    /// Rule `index`, in the order of the source; found by walking.
    @_lifetime(copy self)
    package func rule(at index: Int) -> RuleRecord {
        precondition(index >= 0 && index < ruleCount, "no such rule")
        var start = layout.rules
        for _ in 0..<index {
            start = RuleRecord(bytes, at: start).end
        }
        return RuleRecord(bytes, at: start)
    }

    /// Lends every rule with its index, in the order of the source, in one walk.
    package func forEachRule(_ body: (Int, RuleRecord) -> Void) {
        var start = layout.rules
        for index in 0..<ruleCount {
            let rule = RuleRecord(bytes, at: start)
            body(index, rule)
            start = rule.end
        }
    }

    /// Lends every limit with its index, in the order of the bundle, in one walk.
    package func forEachLimit(_ body: (Int, LimitRecord) -> Void) {
        var start = layout.limits
        for index in 0..<limitCount {
            let limit = LimitRecord(bytes, at: start)
            body(index, limit)
            start = limit.end
        }
    }
}
