private import Bytes

/// For each list of one policy the list of another that is known to have all that it has: bit n
/// for list n; nothing where none is known.
package struct ListImages: Sendable {
    private var images = InlineArray<64, UInt64>(repeating: 0)

    package init() {}

    /// Every list is its own: of two rules of one policy.
    package static var identity: ListImages {
        var map = ListImages()
        for list in 0..<64 { map.set(list, 1 << UInt64(list)) }
        return map
    }

    package mutating func set(_ list: Int, _ image: UInt64) { images[list] = image }

    /// The list that it leads to, or nil.
    func place(of list: Int) -> Int? {
        images[list] == 0 ? nil : images[list].trailingZeroBitCount
    }

    /// Whether all of `lists` have an image among `others`.
    func leads(_ lists: UInt64, into others: UInt64) -> Bool {
        var left = lists
        while left != 0 {
            let image = images[left.trailingZeroBitCount]
            guard image != 0, image & ~others == 0 else { return false }
            left &= left - 1
        }
        return true
    }
}

/// Two rules about payments side by side, maybe of two policies; wallets are the caller's.
///
/// Every answer is proven condition by condition, from what each says alone: a fact that is within
/// the narrower condition is within the wider. "No" means "not proven".
package struct RuleInclusion: ~Escapable {
    private let inner: RuleRecord
    private let outer: RuleRecord
    private let innerBundle: CheckedBundle
    private let outerBundle: CheckedBundle
    private let images: ListImages

    /// `images` leads from the lists of the inner rule to those of the outer.
    @_lifetime(copy inner, copy outer, copy innerBundle, copy outerBundle)
    package init(
        _ inner: RuleRecord,
        of innerBundle: CheckedBundle,
        in outer: RuleRecord,
        of outerBundle: CheckedBundle,
        _ images: ListImages
    ) {
        self.inner = inner
        self.outer = outer
        self.innerBundle = innerBundle
        self.outerBundle = outerBundle
        self.images = images
    }

    /// Of two rules that allow: whether the outer allows all that the inner does.
    package var allowsAll: Bool {
        inner.sighashes & ~outer.sighashes == 0 && areRangesWithin
            && (outer.lists == 0
                || (inner.lists != 0 && images.leads(inner.lists, into: outer.lists)))
            && areSetsWithin && isScriptsWithin && isAskingWithin && areApprovalsKept
    }

    /// Of two rules that deny: whether the outer denies all that the inner does.
    package var deniesAll: Bool {
        (outer.sighashes == 0
            || (inner.sighashes != 0 && inner.sighashes & ~outer.sighashes == 0))
            && areRangesWithin
            && (outer.lists == 0
                || (inner.lists != 0 && images.leads(inner.lists, into: outer.lists)))
            && areSetsWithin && areScriptsDenied && isAskingWithin
    }

    /// A condition about scripts names none where nobody is paid, whatever it permits.
    private var areScriptsDenied: Bool {
        outer.mask(of: .scripts) == 0 || (inner.mask(of: .scripts) != 0 && isScriptsWithin)
    }

    /// Of an inner rule that allows and an outer that denies: whether all that it allows is denied.
    /// Where the outer is about outputs, there must be one that is not ours.
    package var deniesAllowed: Bool {
        let pays = inner.range(of: .largest).least > 0
        let areListsNamed =
            pays && inner.lists != 0 && images.leads(inner.lists, into: outer.lists)
        let areScriptsNamed = outer.mask(of: .scripts) == 0 || (pays && isScriptsWithin)
        return outer.sighashes == 0 && areRangesWithin && (outer.lists == 0 || areListsNamed)
            && areScriptsNamed && areSetsWithin && isAskingWithin
    }

    private var areRangesWithin: Bool {
        for code in NumericFact.outflow.rawValue...NumericFact.ownShare.rawValue {
            guard let fact = NumericFact(rawValue: code) else { return false }
            let (one, other) = (inner.range(of: fact), outer.range(of: fact))
            guard other.least <= one.least, one.most <= other.most else { return false }
        }
        return true
    }

    private var isScriptsWithin: Bool { inner.scripts & ~outer.scripts == 0 }

    private var areSetsWithin: Bool {
        isWithin(.lockTime, UInt16(LockTimes.every))
            && isWithin(.replaceable, UInt16(Either.every))
            && isWithin(.replacement, UInt16(Either.every))
    }

    private func isWithin(_ kind: ConditionKind, _ every: UInt16) -> Bool {
        inner.mask(of: kind, orEvery: every) & ~outer.mask(of: kind, orEvery: every) == 0
    }

    /// What people must approve of is compared as it stands; who they are, by the caller.
    private var areApprovalsKept: Bool {
        guard let demanded = outer.condition(ConditionKind.approvals.rawValue) else { return true }
        guard let kept = inner.condition(ConditionKind.approvals.rawValue) else { return false }
        return demanded.record.equals(kept.record)
    }

    private var isAskingWithin: Bool { areRequestersWithin && areTimesWithin }

    private var areRequestersWithin: Bool {
        guard let wide = outer.condition(ConditionKind.requesters.rawValue) else { return true }
        guard let narrow = inner.condition(ConditionKind.requesters.rawValue) else { return false }
        for index in 0..<narrow.count {
            guard wide.names(narrow.requester(at: index)) else { return false }
        }
        return true
    }

    private var areTimesWithin: Bool {
        guard let wide = outer.condition(ConditionKind.times.rawValue) else { return true }
        guard let narrow = inner.condition(ConditionKind.times.rawValue) else { return false }
        let zone = innerBundle.zoneRecord(at: narrow.zone)
        guard zone.equals(outerBundle.zoneRecord(at: wide.zone)) else { return false }
        for index in 0..<narrow.count {
            let span = narrow.span(at: index)
            for day in 0..<7 as Range<UInt8> where span.days >> day & 1 == 1 {
                guard wide.covers(span, onDay: day) else { return false }
            }
        }
        return true
    }
}

extension RuleRecord {
    /// The condition of a kind, or nil.
    @_lifetime(copy self)
    func condition(_ code: UInt8) -> ConditionRecord? {
        var walk = conditions
        while let condition = walk.next() {
            if condition.kindCode == code { return condition }
        }
        return nil
    }
}

extension ConditionRecord {
    /// All of it as it stands in the bundle.
    var record: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting(start..<end) }
    }

    /// Whether a requester is among these. A loop, and no `contains(where:)`: the signer is
    /// compiled with this file, without a heap.
    fileprivate func names(_ uid: UInt32) -> Bool {
        for index in 0..<count where requester(at: index) == uid { return true }
        return false
    }

    /// Whether the spans of these times have every minute of a span on a day: from each minute
    /// that is reached, on to the end of a span that has it.
    fileprivate func covers(_ span: TimeSpan, onDay day: UInt8) -> Bool {
        var minute = span.first
        while minute <= span.last {
            var next = minute
            for index in 0..<count {
                let other = self.span(at: index)
                guard other.days >> day & 1 == 1, other.first <= minute, minute <= other.last
                else { continue }
                next = max(next, other.last + 1)
            }
            guard next > minute else { return false }
            minute = next
        }
        return true
    }
}

extension CheckedBundle {
    /// A zone as it stands in the bundle.
    @_lifetime(copy self)
    fileprivate func zoneRecord(at index: Int) -> Span<UInt8> {
        var walk = zones
        for _ in 0..<index { _ = walk.next() }
        guard let zone = walk.next() else { preconditionFailure("a zone that the checker knew") }
        return bytes.extracting(zone.start..<zone.end)
    }
}

extension MessageRuleRecord {
    /// Whether it is about every message that another rule is about. A pattern has all that the
    /// same pattern has, and `**` has all.
    package func isAbout(allOf other: MessageRuleRecord) -> Bool {
        let pattern = pattern
        let isAll = pattern.count == 2 && pattern[0] == 0x2A && pattern[1] == 0x2A
        return other.formats & ~formats == 0 && other.branches & ~branches == 0
            && indexMin <= other.indexMin && other.indexMax <= indexMax
            && (isAll || pattern.equals(other.pattern))
    }
}
