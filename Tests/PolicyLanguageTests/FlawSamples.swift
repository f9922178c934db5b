import TestSupport

/// Random policies with rules and limits that are nearly others, and random requests about them.
struct FlawSamples {
    var dice: Dice

    mutating func policy() -> SampleBundle {
        var samples = BoundSamples(dice: dice)
        var sample = samples.policy()
        dice = samples.dice
        sample.extend(zones: [.utc, .berlin])
        for place in sample.rules.indices where sample.rules[place].effect >= 5 {
            var conditions = sample.rules[place].conditions
            addSet(to: &conditions)
            if sample.rules[place].effect == 5 { demand(&conditions) }
            sample.rules[place] = remade(sample.rules[place], conditions)
        }
        for _ in 0..<dice.below(3) {
            let copy = varied(dice.pick(sample.rules), sample, sample.rules.count)
            sample.rules.append(copy)
        }
        for _ in 0..<dice.below(3) where !sample.limits.isEmpty {
            var copy = dice.pick(sample.limits)
            copy.name = "copy-\(sample.limits.count)"
            if dice.chance(1, of: 2), copy.amount != .max { copy.amount += UInt64(dice.below(9)) }
            if dice.chance(1, of: 3) { copy.window = UInt32(dice.pick([2, 3, 5, 10])) }
            if dice.chance(1, of: 4), copy.count != .max { copy.count += 1 }
            if dice.chance(1, of: 3), copy.scope <= 2 { (copy.scope, copy.index) = (0, 0) }
            sample.limits.append(copy)
        }
        sample.limits.sort { ($0.scope, $0.index, $0.name) < ($1.scope, $1.index, $1.name) }
        return sample
    }

    private func remade(
        _ rule: SampleBundle.Rule,
        _ conditions: [SampleCondition]
    ) -> SampleBundle.Rule {
        let sorted = conditions.sorted { $0.order < $1.order }
        return .conditions(rule.name, effect: rule.effect, wallets: rule.wallets, sorted)
    }

    /// Minimums, which what else the rule says may not leave room for.
    private mutating func demand(_ conditions: inout [SampleCondition]) {
        let orders = Set(conditions.map(\.order))
        if dice.chance(1, of: 2), case .range(1, _, let most) = conditions[0] {
            let least = UInt64(dice.below(120))
            conditions[0] = .range(1, min(least, most), most)
        }
        if dice.chance(1, of: 4), !orders.contains(260) {
            conditions.append(.range(4, UInt64(1 + dice.below(60)), .max))
        }
        if dice.chance(1, of: 8), !orders.contains(263) {
            conditions.append(.range(7, dice.chance(1, of: 2) ? 1_000_000 : 0, 999_999))
            if case .range(7, 1_000_000, _) = conditions[conditions.count - 1] {
                conditions[conditions.count - 1] = .range(7, 1_000_000, .max)
            }
        }
    }

    private mutating func addSet(to conditions: inout [SampleCondition]) {
        guard dice.chance(1, of: 2) else { return }
        let set: SampleCondition
        switch dice.below(6) {
        case 0: set = .scripts(UInt16(1 + dice.below(255)))
        case 1: set = .lockTime(UInt8(1 + dice.below(6)))
        case 2: set = .replaceable(UInt8(1 + dice.below(2)))
        case 3: set = .replacement(UInt8(1 + dice.below(2)))
        case 4: set = .requesters(dice.chance(1, of: 2) ? [7] : [7, 9])
        default:
            let first = UInt16(dice.below(700))
            set = .times(
                UInt8(dice.below(2)),
                [.init(UInt8(1 + dice.below(127)), first, first + UInt16(dice.below(700)))]
            )
        }
        if !conditions.contains(where: { $0.order == set.order }) { conditions.append(set) }
    }

    /// The same rule with one thing changed, or nothing.
    private mutating func varied(
        _ rule: SampleBundle.Rule,
        _ sample: SampleBundle,
        _ place: Int
    ) -> SampleBundle.Rule {
        var copy = rule
        copy.name = "rule-\(place)"
        if dice.chance(1, of: 4) { copy.wallets = UInt64(1 << sample.wallets.count) - 1 }
        guard rule.effect >= 5 else {
            if dice.chance(1, of: 2), rule.effect != 2, rule.outflow < 1_000 {
                copy.outflow = rule.outflow + UInt64(dice.below(5)) - min(2, rule.outflow)
            }
            return copy
        }
        var conditions = rule.conditions
        if dice.chance(2, of: 3) {
            let changed = dice.below(conditions.count)
            if case .range(let fact, let least, let most) = conditions[changed], most < 1_000 {
                let more = most + UInt64(dice.below(5)) - min(2, most)
                conditions[changed] = .range(fact, min(least, more), more)
            } else if conditions[changed].order > 300, rule.effect == 5 {
                conditions.remove(at: changed)
            } else {
                addSet(to: &conditions)
            }
        }
        // An allow rule keeps its two caps, a deny rule something to say.
        return remade(copy, conditions.isEmpty ? rule.conditions : conditions)
    }

    /// A request at, or one beside, what the rules turn on.
    mutating func asked(_ sample: SampleBundle, _ shapes: [Asked]) -> Asked {
        var asked = dice.pick(shapes)
        if dice.chance(1, of: 3) { asked.fee = asked.fee == 0 ? 1 : asked.fee - 1 }
        for place in asked.outputs.indices where dice.chance(1, of: 3) {
            asked.outputs[place].amount = UInt64(dice.below(40))
        }
        if dice.chance(1, of: 4) { asked.outputs = Array(asked.outputs.prefix(1)) }
        asked.inputs = 1 + dice.below(3)
        asked.requester = dice.pick([7, 9, 3, nil])
        asked.seconds = dice.chance(7, of: 8) ? dice.next() % 2_000_000_000 : nil
        asked.lockTime = dice.pick([0, 0, 9, 600_000_000])
        asked.isReplaceable = dice.chance(1, of: 2)
        asked.isReplacement = dice.chance(1, of: 2)
        return asked
    }
}

extension SampleBundle {
    /// Without some rules, and without the limits of these.
    func without(rules gone: Set<Int>) -> SampleBundle {
        var fewer = self
        fewer.rules = rules.indices.filter { !gone.contains($0) }.map { rules[$0] }
        fewer.limits = limits.filter {
            ![2, 18].contains($0.scope) || !gone.contains(Int($0.index))
        }
        .map { limit in
            guard [2, 18].contains(limit.scope) else { return limit }
            var moved = limit
            moved.index -= UInt16(gone.filter { $0 < Int(limit.index) }.count)
            return moved
        }
        return fewer
    }
}
