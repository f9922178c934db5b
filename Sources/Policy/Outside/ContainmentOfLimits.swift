private import Bytes

extension Containment {
    /// The first limit of the old policy that has none of its name and scope in the new that
    /// admits no more. A limit of a rule that is gone, or denies now, has nothing left to admit.
    static func looserLimit(_ old: CheckedBundle, _ new: CheckedBundle) -> Int? {
        let images = ListImages(from: old, to: new, ofPossible: true)
        for index in 0..<old.limitCount {
            let limit = old.limit(at: index)
            var scope = limit.scope
            switch limit.scope {
            case .global, .wallet, .fees, .feesOfWallet: break
            case .list(let list):
                guard let image = images.place(of: list) else { return index }
                scope = .list(image)
            case .each(let list):
                guard let image = images.place(of: list) else { return index }
                scope = .each(image)
            case .rule(let rule):
                guard let place = new.allowing(ruleNamed: old.rule(at: rule).name) else { continue }
                scope = .rule(place)
            case .feesOfRule(let rule):
                guard let place = new.allowing(ruleNamed: old.rule(at: rule).name) else { continue }
                scope = .feesOfRule(place)
            }
            guard new.hasLimit(asTightAs: limit, scope) else { return index }
        }
        return nil
    }
}

extension CheckedBundle {
    fileprivate func allowing(ruleNamed name: Span<UInt8>) -> Int? {
        var start = layout.rules
        for index in 0..<layout.ruleCount {
            let rule = RuleRecord(bytes, at: start)
            start = rule.end
            if !rule.isDeny, rule.name.equals(name) { return index }
        }
        return nil
    }

    fileprivate func hasLimit(asTightAs limit: LimitRecord, _ scope: LimitScope) -> Bool {
        for index in 0..<limitCount {
            let other = self.limit(at: index)
            guard other.scope == scope, other.name.equals(limit.name) else { continue }
            return other.windowSeconds >= limit.windowSeconds
                && (other.amountMax ?? .max) <= (limit.amountMax ?? .max)
                && (other.countMax ?? .max) <= (limit.countMax ?? .max)
        }
        return false
    }
}

extension ListImages {
    /// Leads each list to that of the same name in another policy, if that has all it has. What an
    /// output may stand in (`ofPossible`, for rules that deny and for limits) is more than what it
    /// certainly does.
    init(from one: CheckedBundle, to other: CheckedBundle, ofPossible: Bool) {
        self.init()
        for list in 0..<one.listCount {
            guard let place = other.list(named: one.listName(at: list)) else { continue }
            set(list, 1 << UInt64(place))
        }
        for index in 0..<one.destinationCount {
            let found = other.outputLists(of: one.destinationScript(at: index))
            let lists = ofPossible ? found.possible : found.certain
            drop(one.destinationLists(at: index), outside: lists)
        }
        var start = one.layout.shapes
        for _ in 0..<one.layout.shapeCount {
            let shape = DataShape(one.bytes, at: start)
            start = shape.end
            var lists: UInt64 = 0
            var place = other.layout.shapes
            for _ in 0..<other.layout.shapeCount {
                let wide = DataShape(other.bytes, at: place)
                place = wide.end
                if wide.hasAll(of: shape) { lists |= wide.lists }
            }
            drop(shape.lists, outside: lists)
        }
    }

    /// Takes the images of those lists away whose image is not among `found`.
    private mutating func drop(_ lists: UInt64, outside found: UInt64) {
        var left = lists
        while left != 0 {
            let list = left.trailingZeroBitCount
            if let place = place(of: list), found >> UInt64(place) & 1 == 0 { set(list, 0) }
            left &= left - 1
        }
    }
}

extension DataShape {
    /// Whether whatever matches another shape matches this one.
    fileprivate func hasAll(of other: DataShape) -> Bool {
        guard lengthMin <= other.lengthMin, other.lengthMax <= lengthMax,
            prefix.count <= other.prefix.count
        else { return false }
        return other.prefix.extracting(0..<prefix.count).equals(prefix)
    }
}
