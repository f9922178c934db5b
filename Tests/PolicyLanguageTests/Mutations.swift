import TestSupport

/// Makes another policy of one, by changes that people make: most of them tighten or loosen.
struct Mutations {
    var dice: Dice

    mutating func changed(_ sample: SampleBundle) -> SampleBundle {
        var other = sample
        other.epoch = 2
        other.parentHash = [UInt8](repeating: 1, count: 32)
        // Mostly all in one direction, or hardly any would tighten.
        let isTighter = dice.chance(3, of: 4)
        for _ in 0...dice.below(3) { change(&other, isTighter: isTighter) }
        other.limits.sort { ($0.scope, $0.index, $0.name) < ($1.scope, $1.index, $1.name) }
        return other
    }

    private mutating func change(_ other: inout SampleBundle, isTighter: Bool) {
        switch dice.below(10) {
        case 0: other.allowance = isTighter ? other.allowance - 5 : other.allowance + 5
        case 1 where !other.limits.isEmpty:
            let place = dice.below(other.limits.count)
            let (amount, window) = (other.limits[place].amount, other.limits[place].window)
            if dice.chance(1, of: 2) {
                other.limits[place].window = isTighter ? window + 1 : max(1, window - 1)
            } else if amount != .max {
                other.limits[place].amount = isTighter ? amount - min(2, amount) : amount + 2
            } else {
                other.limits[place].count += isTighter ? 0 : 1
            }
        case 2:
            if !isTighter, !other.limits.isEmpty {
                other.limits.remove(at: dice.below(other.limits.count))
            } else if isTighter {
                var limit = SampleBundle.Limit("new-\(other.limits.count)")
                limit.amount = UInt64(20 + dice.below(50))
                limit.window = 5
                limit.count = .max
                other.limits.append(limit)
            }
        case 3: changeList(&other, isTighter: isTighter)
        case 4:
            let isAllow = dice.chance(1, of: 2)
            let range = SampleCondition.range(1, UInt64(dice.below(40)), .max)
            let name = "new-\(other.rules.count)"
            guard isAllow != isTighter else { return }
            if isAllow {
                other.rules.append(.conditions(name, [range, .range(2, 0, 9)]))
            } else {
                other.rules.append(.init(name, effect: 2, lists: other.lists.isEmpty ? 0 : 1))
            }
        case 5:
            let fit = other.rules.indices.filter {
                ([2, 6].contains(other.rules[$0].effect)) != isTighter
            }
            if !fit.isEmpty, other.rules.count > 1 {
                other = other.without(rules: [dice.pick(fit)])
            }
        default: changeRule(&other, isTighter: isTighter)
        }
    }

    private mutating func changeList(_ other: inout SampleBundle, isTighter: Bool) {
        guard !other.destinations.isEmpty else { return }
        let place = dice.below(other.destinations.count)
        let lists = UInt64(1 << other.lists.count) - 1
        let kept = other.destinations[place].lists & dice.next()
        if dice.chance(1, of: 2) {
            other.destinations[place].lists = lists
        } else if kept != 0 {
            other.destinations[place].lists = kept
        } else {
            other.destinations.remove(at: place)
        }
    }

    private mutating func changeRule(_ other: inout SampleBundle, isTighter: Bool) {
        let place = dice.below(other.rules.count)
        let rule = other.rules[place]
        let isSmaller = isTighter != [2, 6].contains(rule.effect)
        if dice.chance(1, of: 5) {
            let all = UInt64(1 << other.wallets.count) - 1
            let wallets = isSmaller ? rule.wallets & (1 + dice.next() % 2) : all
            if wallets != 0 {
                if rule.effect >= 5 {
                    other.rules[place] = .conditions(
                        rule.name,
                        effect: rule.effect,
                        wallets: wallets,
                        rule.conditions
                    )
                } else {
                    other.rules[place].wallets = wallets
                }
            }
            return
        }
        guard rule.effect >= 5 else {
            if rule.effect != 2, rule.outflow != .max {
                let least = min(3, rule.outflow)
                other.rules[place].outflow = isSmaller ? rule.outflow - least : rule.outflow + 3
            }
            return
        }
        var conditions = rule.conditions
        let chosen = dice.below(conditions.count)
        switch conditions[chosen] {
        case .range(let fact, let least, let most):
            if isSmaller {
                conditions[chosen] = .range(fact, most > least ? least + 1 : least, most)
            } else if least > 1 {
                conditions[chosen] = .range(fact, least - 1, most)
            } else if most < .max - 9 {
                conditions[chosen] = .range(fact, least, most + 3)
            }
        case .requesters: conditions[chosen] = .requesters(isSmaller ? [7] : [3, 7, 9])
        case .times(let zone, let spans):
            let (first, last) = (spans[0].first, spans[0].last)
            let days = isSmaller ? spans[0].days : spans[0].days | 1
            let end = isSmaller ? first + (last - first) / 2 : last + 9
            conditions[chosen] = .times(zone, [.init(days, first, end)])
        case .destinations(let lists):
            conditions[chosen] = .destinations(isSmaller ? lists & (~lists + 1) : lists | 1)
        default:
            if !isSmaller, conditions.count > 2 { conditions.remove(at: chosen) }
        }
        other.rules[place] = .conditions(
            rule.name,
            effect: rule.effect,
            wallets: rule.wallets,
            conditions
        )
    }
}
