import TestSupport

/// Random policies with small caps and short windows, so that limits meet each other.
struct BoundSamples {
    var dice: Dice

    static let listed = (1...4).map { [0, 20] + [UInt8](repeating: UInt8($0), count: 20) }
    static let stranger: [UInt8] = [0, 20] + [UInt8](repeating: 9, count: 20)

    mutating func policy() -> SampleBundle {
        var sample = SampleBundle()
        sample.allowance = UInt64(dice.chance(1, of: 4) ? 20 + dice.below(80) : 2_000)
        sample.wallets = Array(sample.wallets.prefix(1 + dice.below(2)))
        sample.lists = Array(["a", "b"].prefix(dice.below(3)))
        if !sample.lists.isEmpty {
            for script in Self.listed where dice.chance(3, of: 4) {
                sample.destinations.append(.init(script: script, lists: lists(sample)))
            }
        }
        sample.rules = []
        for place in 0...dice.below(3) { sample.rules.append(rule(place, sample)) }
        sample.limits = limits(sample)
        return sample
    }

    private mutating func lists(_ sample: SampleBundle) -> UInt64 {
        UInt64(1 + dice.below((1 << sample.lists.count) - 1))
    }

    private mutating func rule(_ place: Int, _ sample: SampleBundle) -> SampleBundle.Rule {
        let name = "rule-\(place)"
        let wallets = UInt64(1 + dice.below((1 << sample.wallets.count) - 1))
        let isListed = !sample.lists.isEmpty && dice.chance(2, of: 3)
        switch dice.below(10) {
        case 0:
            var rule = SampleBundle.Rule(name, effect: 2, lists: isListed ? lists(sample) : 0)
            rule.wallets = wallets
            return rule
        case 1, 2:
            var denied: [SampleCondition] = []
            let fact = UInt8(dice.pick([1, 2, 4, 6]))
            denied.append(.range(fact, UInt64(1 + dice.below(20)), .max))
            if dice.chance(1, of: 4), isListed { denied.append(.destinations(lists(sample))) }
            return .conditions(name, effect: 6, wallets: wallets, denied)
        case 3...6:
            var rule = SampleBundle.Rule(name, lists: isListed ? lists(sample) : 0)
            rule.wallets = wallets
            rule.outflow = dice.chance(5, of: 6) ? UInt64(1 + dice.below(60)) : .max
            rule.fee = dice.chance(5, of: 6) ? UInt64(dice.below(6)) : .max
            if dice.chance(1, of: 8) {
                rule.effect = 3
                rule.sighashes = UInt8(1 + dice.below(31))
            }
            return rule
        default:
            return .conditions(name, wallets: wallets, conditions(sample, isListed))
        }
    }

    private mutating func conditions(
        _ sample: SampleBundle,
        _ isListed: Bool
    ) -> [SampleCondition] {
        let least = dice.chance(1, of: 8) ? UInt64(dice.below(10)) : 0
        var conditions: [SampleCondition] = [
            .range(1, least, dice.chance(3, of: 4) ? 10 + UInt64(dice.below(60)) : .max),
            .range(2, 0, dice.chance(3, of: 4) ? UInt64(dice.below(6)) : .max),
        ]
        if dice.chance(1, of: 3) { conditions.append(.range(4, 0, UInt64(dice.below(12)))) }
        if dice.chance(1, of: 3) { conditions.append(.range(6, 0, UInt64(1 + dice.below(3)))) }
        if dice.chance(1, of: 8) {
            conditions.append(.range(7, dice.pick([1, 500_000, 1_000_000]), .max))
        }
        if isListed { conditions.append(.destinations(lists(sample))) }
        if dice.chance(1, of: 12) { conditions.append(.sighashes(UInt8(1 + dice.below(31)))) }
        return conditions
    }

    private mutating func limits(_ sample: SampleBundle) -> [SampleBundle.Limit] {
        let allowing = sample.rules.indices.filter { [1, 3, 5].contains(sample.rules[$0].effect) }
        var limits: [SampleBundle.Limit] = []
        for number in 0..<dice.below(7) {
            var limit = SampleBundle.Limit("limit-\(number)")
            limit.window = UInt32(dice.pick([2, 3, 5, 10, 20]))
            limit.amount = dice.chance(2, of: 3) ? UInt64(5 + dice.below(100)) : .max
            limit.count =
                limit.amount == .max || dice.chance(1, of: 4) ? UInt32(1 + dice.below(5)) : .max
            switch dice.below(8) {
            case 0: break
            case 1, 2:
                limit.scope = 1
                limit.index = UInt16(dice.below(sample.wallets.count))
            case 3...4 where !allowing.isEmpty:
                limit.scope = 2
                limit.index = UInt16(dice.pick(allowing))
            case 5...6 where !sample.lists.isEmpty:
                limit.scope = dice.chance(1, of: 3) ? 4 : 3
                limit.index = UInt16(dice.below(sample.lists.count))
            default:
                limit.scope = 16
                if dice.chance(1, of: 2), let rule = allowing.first {
                    limit.scope = 18
                    limit.index = UInt16(rule)
                }
                limit.amount = UInt64(dice.below(20))
                limit.count = .max
            }
            limits.append(limit)
        }
        return limits.sorted { ($0.scope, $0.index, $0.name) < ($1.scope, $1.index, $1.name) }
    }
}
