import TestSupport

/// Random policies and payments, small and close to their caps, so that every outcome is common.
struct Generator {
    var dice: Dice
    /// Whether rules of conditions, bundles of version 2 and fee budgets are among them.
    var hasConditions = false
    private var hasApprovers = false

    private static let data: [[UInt8]] = [
        [0x6a], [0x6a, 2, 1, 2], [0x6a, 3, 1, 2, 3], [0x6a, 76, 2, 1, 9], [0x6a, 1, 7, 1, 7],
    ]
    private static let kinds: [[UInt8]] = [
        [0x76, 0xa9, 20] + [UInt8](repeating: 1, count: 20) + [0x88, 0xac],
        [0xa9, 20] + [UInt8](repeating: 1, count: 20) + [0x87],
        [0, 20] + [UInt8](repeating: 1, count: 20), [0, 32] + [UInt8](repeating: 1, count: 32),
        [0x51, 32] + [UInt8](repeating: 1, count: 32), [0x51, 2, 0x4e, 0x73], [0x51],
    ]
    static let scripts = (0..<8).map { [UInt8](repeating: UInt8($0), count: 22 + $0 % 3) }

    private var scripts: [[UInt8]] {
        hasConditions ? Self.scripts.prefix(4) + Self.data + Self.kinds : Self.scripts
    }

    init(dice: Dice, hasConditions: Bool = false) {
        (self.dice, self.hasConditions) = (dice, hasConditions)
    }

    mutating func policy() -> SampleBundle {
        hasApprovers = false
        var sample = SampleBundle()
        sample.wallets = Array(sample.wallets.prefix(1 + dice.below(2)))
        sample.lists = Array(["a", "b", "c", "d"].prefix(dice.below(5)))
        if !sample.lists.isEmpty {
            for script in scripts where dice.chance(3, of: 4) {
                sample.destinations.append(.init(script: script, lists: lists(sample)))
            }
        }
        sample.destinations.sort {
            $0.script.count == $1.script.count
                ? $0.script.lexicographicallyPrecedes($1.script)
                : $0.script.count < $1.script.count
        }
        if hasConditions, dice.chance(3, of: 4) { extend(&sample) }
        let count = dice.below(7)
        sample.rules = []
        for index in 0..<count { sample.rules.append(rule(index, sample)) }
        sample.limits = limits(sample)
        return sample
    }

    private mutating func lists(_ sample: SampleBundle) -> UInt64 {
        UInt64(1 + dice.below((1 << sample.lists.count) - 1))
    }

    private mutating func extend(_ sample: inout SampleBundle) {
        var zones: [SampleZone] = [.utc, .berlin, .sydney].filter { _ in dice.chance(2, of: 3) }
        zones.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        var shapes: [SampleShape] = []
        if !sample.lists.isEmpty {
            for (prefix, lengths) in [([], 0...0), ([1], 1...2), ([1, 2], 2...80)]
                as [([UInt8], ClosedRange<UInt16>)] where dice.chance(1, of: 2)
            {
                shapes.append(SampleShape(lists(sample), prefix, lengths))
            }
        }
        hasApprovers = dice.chance(1, of: 2)
        sample.extend(zones: zones, shapes: shapes, approvers: hasApprovers ? .three : nil)
    }

    private mutating func rule(_ index: Int, _ sample: SampleBundle) -> SampleBundle.Rule {
        let listed = !sample.lists.isEmpty && dice.chance(1, of: 2)
        let deny = dice.chance(1, of: 6)
        let wallets = UInt64(1 + dice.below((1 << sample.wallets.count) - 1))
        if hasConditions, dice.chance(3, of: 4) {
            var conditions = conditions(sample, isDeny: deny)
            conditions.sort { $0.order < $1.order }
            return .conditions("rule-\(index)", effect: deny ? 6 : 5, wallets: wallets, conditions)
        }
        var rule = SampleBundle.Rule(
            "rule-\(index)",
            effect: deny ? 2 : 1,
            lists: listed ? lists(sample) : 0
        )
        rule.wallets = wallets
        guard !deny else { return rule }
        if dice.chance(2, of: 3) { rule.outflow = UInt64(dice.below(40)) }
        if dice.chance(1, of: 2) { rule.fee = UInt64(dice.below(10)) }
        if dice.chance(1, of: 3) { rule.feerate = UInt64(dice.below(100)) }
        if dice.chance(1, of: 3) {
            rule.effect = 3
            rule.sighashes = UInt8(1 + dice.below(31))
        }
        return rule
    }

    private mutating func conditions(
        _ sample: SampleBundle,
        isDeny: Bool
    ) -> [SampleCondition] {
        var conditions: [SampleCondition] = []
        for (fact, most) in [(1, 40), (2, 10), (3, 100), (4, 15), (5, 4), (6, 5), (7, 1_000_000)]
            as [(UInt8, Int)]
        {
            let isDemanded = !isDeny && fact <= 2
            guard isDemanded || dice.chance(1, of: 7) else { continue }
            var least = dice.chance(1, of: 3) ? UInt64(dice.below(most) / 3) : 0
            var top = dice.chance(3, of: 4) ? UInt64(dice.below(most)) : .max
            if least > top { swap(&least, &top) }
            if least == 0, top == .max, !isDemanded { continue }
            conditions.append(.range(fact, least, top))
        }
        // One or two more, or a rule would hardly ever match.
        for _ in 0..<(isDeny ? 1 + dice.below(2) : dice.below(3)) {
            guard let condition = set(sample),
                !conditions.contains(where: { $0.order == condition.order })
            else { continue }
            conditions.append(condition)
        }
        if hasApprovers, !isDeny, dice.chance(1, of: 8) {
            let both = dice.chance(1, of: 2)
            conditions.append(.approvals(.init(both ? [[0, 1], [1, 2]] : [[1, 1]])))
        }
        return conditions
    }

    private mutating func set(_ sample: SampleBundle) -> SampleCondition? {
        switch dice.below(8) {
        case 0: return sample.lists.isEmpty ? nil : .destinations(lists(sample))
        case 1: return .sighashes(UInt8(1 + dice.below(31)))
        case 2: return .scripts(UInt16(truncatingIfNeeded: dice.next() | 1 << 2) & 0xff)
        case 3: return .lockTime(UInt8(1 + dice.below(14)))
        case 4: return .replaceable(UInt8(1 + dice.below(2)))
        case 5: return .replacement(UInt8(1 + dice.below(2)))
        case 6: return .requesters(dice.chance(1, of: 2) ? [7] : [7, 1_001])
        default:
            guard !sample.zones.isEmpty else { return nil }
            let (first, days) = (UInt16(dice.below(720)), UInt8(1 + dice.below(127)))
            let spans = [SampleCondition.Span(days, first, first + UInt16(dice.below(720)))]
            return .times(UInt8(dice.below(sample.zones.count)), spans)
        }
    }

    private mutating func limits(_ sample: SampleBundle) -> [SampleBundle.Limit] {
        let allowing = sample.rules.indices.filter { [1, 3, 5].contains(sample.rules[$0].effect) }
        var limits: [SampleBundle.Limit] = []
        for number in 0..<dice.below(7) {
            let name = "limit-\(number)"
            let isOfFees = hasConditions && dice.chance(1, of: 3)
            var limit = SampleBundle.Limit(name, scope: isOfFees ? 16 : 0)
            switch dice.below(4) {
            case 1:
                limit.scope += 1
                limit.index = UInt16(dice.below(sample.wallets.count))
            case 2 where !allowing.isEmpty:
                limit.scope += 2
                limit.index = UInt16(dice.pick(allowing))
            case 3 where !sample.lists.isEmpty && !isOfFees:
                limit.scope = hasConditions && dice.chance(1, of: 2) ? 4 : 3
                limit.index = UInt16(dice.below(sample.lists.count))
            default: break
            }
            if isOfFees { limit.count = .max }
            limits.append(limit)
        }
        return Self.sorted(limits)
    }

    static func sorted(_ limits: [SampleBundle.Limit]) -> [SampleBundle.Limit] {
        limits.sorted { ($0.scope, $0.index, $0.name) < ($1.scope, $1.index, $1.name) }
    }

    mutating func payment(_ sample: SampleBundle) -> Payment {
        var payment = Payment()
        payment.wallet = dice.below(sample.wallets.count)
        payment.fee = UInt64(dice.below(10))
        payment.virtualSize = UInt32(100 + dice.below(100))
        // Mostly one type, as requests have it.
        if dice.chance(1, of: 3) { payment.sighashes = 1 << UInt8(dice.below(5)) }
        if dice.chance(1, of: 12) { payment.sighashes |= 1 << UInt8(dice.below(5)) }
        for _ in 0..<dice.below(4) {
            payment.outputs.append((dice.pick(scripts), UInt64(dice.below(15))))
        }
        if hasConditions { describe(&payment) }
        return payment
    }

    private static let sequences: [UInt32] = [
        .max, 0xffff_fffe, 0xffff_fffd, 0, 0x40_0000, 1, 0x40_0007,
    ]

    private mutating func describe(_ payment: inout Payment) {
        if dice.chance(9, of: 10) {
            for _ in 0...dice.below(4) {
                payment.sequences.append(dice.pick(Self.sequences))
            }
            for _ in 0..<dice.below(3) { payment.ownOutputs.append(UInt64(dice.below(15))) }
            if dice.chance(2, of: 3) {
                payment.lockTime = dice.pick([1, 499_999_999, 500_000_000, .max])
            }
            if dice.chance(1, of: 4) { payment.version = 1 }
        }
        if dice.chance(9, of: 10) { payment.isReplacement = dice.chance(1, of: 2) }
        if dice.chance(9, of: 10) { payment.requester = dice.pick([7, 1_001, 3]) }
        if dice.chance(9, of: 10) { payment.seconds = dice.next() % 4_102_444_800 }
    }
}
