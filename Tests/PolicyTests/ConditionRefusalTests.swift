import Policy
import TestSupport
import Testing

@Suite("A malformed condition, zone or shape is refused by name")
struct ConditionRefusalTests {
    private static let caps: [SampleCondition] = [.range(1, 0, 9), .range(2, 0, .max)]

    /// The condition sample with these conditions in rule 4, beside the caps of an allow rule.
    private static func rule(_ more: [SampleCondition]) -> @Sendable (inout SampleBundle) -> Void {
        { $0.rules[4] = .conditions("careful", caps + more) }
    }

    private static func deny(_ all: [SampleCondition]) -> @Sendable (inout SampleBundle) -> Void {
        {
            $0.rules[6] = .conditions("refused", effect: 6, all)
            $0.limits[11].index = 4
        }
    }

    private static func tail(_ bytes: [UInt8]) -> @Sendable (inout SampleBundle) -> Void {
        { $0.rules[6].tail = [UInt8(bytes.count), 0] + bytes }
    }

    static let conditions: [Spoiled] = [
        .init("untouched", nil) { _ in },
        .init("deny without a condition", nil, deny([])),
        .init("allow without a fee", .allowWithoutCaps(item: 4)) {
            $0.rules[4] = .conditions("careful", [.range(1, 0, 9)])
        },
        .init("allow without an outflow", .allowWithoutCaps(item: 4)) {
            $0.rules[4] = .conditions("careful", [.range(2, 0, 9)])
        },
        .init("allow without a condition", .allowWithoutCaps(item: 4)) {
            $0.rules[4] = .conditions("careful", [])
        },
        .init("no wallet", .unknownWallets(item: 4, found: 0)) {
            $0.rules[4] = .conditions("careful", wallets: 0, caps)
        },
        .init("wallet 2 of 2", .unknownWallets(item: 4, found: 4)) {
            $0.rules[4] = .conditions("careful", wallets: 4, caps)
        },
        .init("kind 0", .unknownCondition(item: 6, found: 0), tail([0])),
        .init("kind 10", .unknownCondition(item: 6, found: 10), tail([10])),
        .init("range 0", .unknownFact(item: 6, found: 0), deny([.range(0, 0, 1)])),
        .init("range 8", .unknownFact(item: 6, found: 8), deny([.range(8, 0, 1)])),
        .init("least over most", .wrongRange(item: 4, fact: 5), rule([.range(5, 3, 2)])),
        .init("least is most", nil, rule([.range(5, 3, 3)])),
        .init("a range of everything", .wrongRange(item: 4, fact: 3), rule([.range(3, 0, .max)])),
        .init("and on a deny rule", .wrongRange(item: 6, fact: 1), deny([.range(1, 0, .max)])),
        .init("range twice", .conditionsOutOfOrder(item: 4), rule([.range(2, 0, 9)])),
        .init(
            "ranges unsorted",
            .conditionsOutOfOrder(item: 4),
            rule([.range(6, 0, 9), .range(5, 0, 9)])
        ),
        .init(
            "kinds unsorted",
            .conditionsOutOfOrder(item: 4),
            rule([.scripts(1), .sighashes(1)])
        ),
        .init("kind twice", .conditionsOutOfOrder(item: 4), rule([.scripts(1), .scripts(2)])),
        .init(
            "no list",
            .unknownLists(section: .rules, item: 4, found: 0),
            rule([.destinations(0)])
        ),
        .init(
            "list 3 of 3",
            .unknownLists(section: .rules, item: 4, found: 8),
            rule([.destinations(8)])
        ),
        .init("no type", .unknownSighashes(item: 4, found: 0), rule([.sighashes(0)])),
        .init("a sixth type", .unknownSighashes(item: 4, found: 32), rule([.sighashes(32)])),
        .init("no kind", .wrongSet(item: 4, kind: 4, found: 0), rule([.scripts(0)])),
        .init("every kind", nil, rule([.scripts(255)])),
        .init("a ninth kind", .wrongSet(item: 4, kind: 4, found: 256), rule([.scripts(256)])),
        .init("no lock", .wrongSet(item: 4, kind: 5, found: 0), rule([.lockTime(0)])),
        .init("every lock", .wrongSet(item: 4, kind: 5, found: 15), rule([.lockTime(15)])),
        .init("any but a relative lock", nil, rule([.lockTime(7)])),
        .init("signals or not", .wrongSet(item: 4, kind: 6, found: 3), rule([.replaceable(3)])),
        .init("replaces or not", .wrongSet(item: 4, kind: 7, found: 3), rule([.replacement(3)])),
        .init("nobody", .wrongRequesters(item: 4), rule([.requesters([])])),
        .init("one twice", .wrongRequesters(item: 4), rule([.requesters([3, 3])])),
        .init("64 requesters", nil, rule([.requesters(Array(1...64))])),
        .init("65 requesters", .wrongRequesters(item: 4), rule([.requesters(Array(1...65))])),
        .init("no time", .wrongTimes(item: 4), rule([.times(0, [])])),
        .init("28 times", nil, rule([.times(0, (0..<28).map { .init(1, $0, $0) })])),
        .init(
            "29 times",
            .wrongTimes(item: 4),
            rule([.times(0, (0..<29).map { .init(1, $0, $0) })])
        ),
        .init("no day", .wrongTimes(item: 4), rule([.times(0, [.init(0, 1, 2)])])),
        .init("an eighth day", .wrongTimes(item: 4), rule([.times(0, [.init(128, 1, 2)])])),
        .init("backwards", .wrongTimes(item: 4), rule([.times(0, [.init(1, 2, 1)])])),
        .init("24:00", .wrongTimes(item: 4), rule([.times(0, [.init(1, 0, 1_440)])])),
        .init(
            "times unsorted",
            .wrongTimes(item: 4),
            rule([.times(0, [.init(1, 5, 6), .init(1, 5, 5)])])
        ),
        .init(
            "time twice",
            .wrongTimes(item: 4),
            rule([.times(0, [.init(1, 5, 6), .init(1, 5, 6)])])
        ),
        .init("zone 3 of 3", .unknownZone(item: 4, found: 3), rule([.times(3, [.init(1, 5, 6)])])),
        .init("a zone in version 1", .unknownZone(item: 4, found: 1)) {
            ($0.version, $0.extensions) = (1, [])
        },
        .init("too short", .conditionsTooLong(item: 6)) {
            $0.rules[6].tail = [1, 0] + SampleCondition.scripts(1).bytes
        },
        .init("a fee budget that counts", .wrongFeeBudget(item: 9)) { $0.limits[9].count = 3 },
        .init("a fee budget of a deny rule", .wrongScopeIndex(item: 11, found: 6)) {
            $0.limits[11].index = 6
        },
        .init("a fee budget of messages", .wrongScopeIndex(item: 11, found: 8)) {
            $0.rules.append(.messages("login", "x"))
            $0.limits[11].index = 8
        },
        .init("each of list 3 of 3", .wrongScopeIndex(item: 8, found: 3)) {
            $0.limits[8].index = 3
        },
    ]

    private static func zones(_ zones: [SampleZone]) -> @Sendable (inout SampleBundle) -> Void {
        { $0.extend(zones: zones, approvers: .three) }
    }

    private static func begin(_ change: [Int32]) -> @Sendable (inout SampleBundle) -> Void {
        var zone = SampleZone.berlin
        zone.daylight?.begin = change
        let changed = zone
        return { $0.extend(zones: [.utc, changed], approvers: .three) }
    }

    static let sections: [Spoiled] = [
        .init("zones unsorted", .outOfOrder(section: .zones, item: 1), zones([.berlin, .utc])),
        .init("zone twice", .outOfOrder(section: .zones, item: 1), zones([.utc, .utc])),
        .init("16 zones", nil, zones((0..<16).map { SampleZone($0) })),
        .init(
            "17 zones",
            .tooMany(section: .zones, found: 17, limit: 16),
            zones((0..<17).map { SampleZone($0) })
        ),
        .init("a day ahead", .wrongZone(item: 1), zones([.utc, SampleZone(86_400)])),
        .init("month 0", .wrongZone(item: 1), begin([0, 5, 0, 0])),
        .init("month 13", .wrongZone(item: 1), begin([13, 5, 0, 0])),
        .init("week 0", .wrongZone(item: 1), begin([3, 0, 0, 0])),
        .init("week 6", .wrongZone(item: 1), begin([3, 6, 0, 0])),
        .init("weekday 7", .wrongZone(item: 1), begin([3, 5, 7, 0])),
        .init("a week off", .wrongZone(item: 1), begin([3, 5, 0, 604_800])),
        .init("nearly a week before", nil, begin([3, 5, 0, -604_799])),
        .init("daylight 2", .wrongZone(item: 0)) {
            $0.extend(zones: [.utc, .berlin])
            $0.extensions[5] = 2
        },
        .init("a shape in no list", .unknownLists(section: .shapes, item: 0, found: 0)) {
            $0.extend(zones: [.utc, .berlin], shapes: [.init(0, [], 0...1)])
        },
        .init("a shape in list 3 of 3", .unknownLists(section: .shapes, item: 0, found: 8)) {
            $0.extend(zones: [.utc, .berlin], shapes: [.init(8, [], 0...1)])
        },
        .init("a shape shorter than its prefix", .wrongShape(item: 0)) {
            $0.extend(zones: [.utc, .berlin], shapes: [.init(1, [1, 2], 1...2)])
        },
        .init("shapes unsorted", .outOfOrder(section: .shapes, item: 1)) {
            let shapes: [SampleShape] = [.init(1, [2], 1...2), .init(1, [1], 1...2)]
            $0.extend(zones: [.utc, .berlin], shapes: shapes)
        },
        .init("shape twice", .outOfOrder(section: .shapes, item: 1)) {
            let shapes: [SampleShape] = [.init(1, [1], 1...2), .init(2, [1], 1...2)]
            $0.extend(zones: [.utc, .berlin], shapes: shapes)
        },
        .init("ageing", .unknownExtension(count: 1)) {
            $0.extend(zones: [.utc, .berlin])
            $0.extensions[$0.extensions.count - 7] = 1
        },
        .init("256 extensions", .unknownExtension(count: 256)) {
            $0.extend(zones: [.utc, .berlin], approvers: .three)
            $0.extensions[$0.extensions.count - SampleApprovers.three.bytes.count + 1] = 1
            $0.extensions[$0.extensions.count - SampleApprovers.three.bytes.count] = 0
        },
    ]

    @Test("Each spoiled part is named", arguments: conditions + sections)
    func spoiled(spoiled: Spoiled) {
        var sample = conditionSample()
        spoiled.spoil(&sample)
        #expect(fault(of: sample.bytes) == spoiled.expected)
    }

    @Test("A bundle says what it needs enforced; nothing new, and it needs nothing new")
    func needs() throws {
        func needs(_ change: (inout SampleBundle) -> Void) throws -> BundleNeeds {
            var sample = fullSample()
            change(&sample)
            return try CheckedBundle(checking: sample.bytes.span).layout.needs
        }
        #expect(try needs { _ in } == .none)
        #expect(try needs { $0.limits.append(.init("each", scope: 4)) } == .eachDestination)
        #expect(try needs { $0.extend() } == .extensions)
        #expect(try needs { $0.rules.append(.conditions("no", effect: 6, [])) } == .conditions)
        let fees = try needs {
            $0.limits.append(.init("fees", scope: 16))
            $0.limits[8].count = .max
        }
        #expect(fees == .none)
    }
}
