import Policy
import TestSupport
import Testing

@Suite("Approvers in a bundle")
struct ApproverTests {
    private typealias Spoiling = @Sendable (inout SampleBundle) -> Void

    private static func approvers(
        _ change: @escaping @Sendable (inout SampleApprovers) -> Void
    ) -> Spoiling {
        {
            var approvers = SampleApprovers.three
            change(&approvers)
            $0.extend(zones: $0.zones, shapes: $0.shapes, approvers: approvers)
        }
    }

    private static func rule(_ approvals: SampleApprovals) -> Spoiling {
        {
            $0.rules[7] = .conditions(
                "approved",
                [.range(1, 0, 90_000), .range(2, 0, .max), .approvals(approvals)]
            )
        }
    }

    private static func key(_ options: UInt8, _ wire: [UInt8]) -> Spoiling {
        approvers { $0.persons[2].keys[0] = (options, wire) }
    }

    private static let wrongKey = BundleError.wrongApproverKey(item: 2, key: 0)
    private static let wrongRule = BundleError.wrongApprovals(item: 7)

    static let persons: [Spoiled] = [
        .init("as it is", nil, approvers { _ in }),
        .init("another kind", .wrongExtension(kind: 2), approvers { $0.kind = 2 }),
        .init("kind 0", .wrongExtension(kind: 0), approvers { $0.kind = 0 }),
        .init("a longer length", .wrongExtension(kind: 1), approvers { $0.excess = 1 }),
        .init(
            "nobody",
            .tooMany(section: .persons, found: 0, limit: 64),
            approvers { $0.persons = [] }
        ),
        .init(
            "no group",
            .tooMany(section: .groups, found: 0, limit: 32),
            approvers { $0.groups = [] }
        ),
        .init(
            "33 groups",
            .tooMany(section: .groups, found: 33, limit: 32),
            approvers { $0.groups = (0..<33).map { (name: "g\($0 + 100)", persons: 1) } }
        ),
        .init(
            "unsorted",
            .outOfOrder(section: .persons, item: 1),
            approvers { $0.persons.swapAt(0, 1) }
        ),
        .init(
            "a name twice",
            .outOfOrder(section: .persons, item: 1),
            approvers { $0.persons[1].name = "alice" }
        ),
        .init(
            "a name of two lines",
            .badName(section: .persons, item: 1),
            approvers { $0.persons[1].name = "bob\nx" }
        ),
        .init("no key", .wrongApproverKey(item: 1, key: 0), approvers { $0.persons[1].keys = [] }),
        .init(
            "8 keys",
            nil,
            approvers { approvers in
                let keys = (10..<18).map { (UInt8(0), SampleApprovers.plain($0)) }
                approvers.persons[1] = .init("bob", keys)
            }
        ),
        .init(
            "9 keys",
            .wrongApproverKey(item: 1, key: 9),
            approvers { approvers in
                let keys = (10..<19).map { (UInt8(0), SampleApprovers.plain($0)) }
                approvers.persons[1] = .init("bob", keys)
            }
        ),
        .init("a key of another length", wrongKey, key(0, SampleApprovers.plain(9) + [0])),
        .init("no key at all", wrongKey, key(0, [])),
        .init("verified", nil, key(1, SampleApprovers.authenticator(9))),
        .init("another option", wrongKey, key(2, SampleApprovers.authenticator(9))),
        .init("a plain key verified", wrongKey, key(1, SampleApprovers.plain(9))),
        .init(
            "the longest application",
            nil,
            key(0, SampleApprovers.authenticator(9, application: String(repeating: "s", count: 58)))
        ),
        .init(
            "a longer one",
            wrongKey,
            key(0, SampleApprovers.authenticator(9, application: String(repeating: "s", count: 59)))
        ),
        .init("another's key", wrongKey, key(0, SampleApprovers.plain(1))),
        .init(
            "another's key for another application",
            wrongKey,
            key(0, SampleApprovers.authenticator(2, application: "ssh:2"))
        ),
        .init("another's as a plain one", wrongKey, key(0, SampleApprovers.plain(3))),
        .init(
            "one's own twice",
            .wrongApproverKey(item: 0, key: 1),
            approvers { $0.persons[0].keys[1] = (0, SampleApprovers.plain(1)) }
        ),
        .init("an empty group", .wrongMembers(item: 0), approvers { $0.groups[0].persons = 0 }),
        .init("a fourth person", .wrongMembers(item: 1), approvers { $0.groups[1].persons = 8 }),
        .init(
            "groups unsorted",
            .outOfOrder(section: .groups, item: 1),
            approvers { $0.groups[1].name = "a" }
        ),
    ]

    static let rules: [Spoiled] = [
        .init("one of one", nil, rule(.init([[0, 1]]))),
        .init("no quorum", wrongRule, rule(.init([]))),
        .init("five", wrongRule, rule(.init([[0, 1], [1, 1], [0, 1], [1, 1], [0, 1]]))),
        .init("none of one", wrongRule, rule(.init([[0, 0]]))),
        .init("two of one", wrongRule, rule(.init([[0, 2]]))),
        .init("three of two", wrongRule, rule(.init([[1, 3]]))),
        .init("group 2 of 2", wrongRule, rule(.init([[2, 1]]))),
        .init("one group twice", wrongRule, rule(.init([[1, 1], [1, 1]]))),
        .init("veto of group 2 of 2", wrongRule, rule(.init([[0, 1]], veto: 2))),
        .init("a minute", nil, rule(.init([[0, 1]], expiry: 60))),
        .init("less", wrongRule, rule(.init([[0, 1]], expiry: 59))),
        .init("30 days", nil, rule(.init([[0, 1]], expiry: 2_592_000))),
        .init("more", wrongRule, rule(.init([[0, 1]], expiry: 2_592_001))),
        .init("a second left", nil, rule(.init([[0, 1]], wait: 59, expiry: 60))),
        .init("none left", wrongRule, rule(.init([[0, 1]], wait: 60, expiry: 60))),
        .init("of a deny rule", .wrongApprovals(item: 7)) {
            $0.rules[7] = .conditions("no", effect: 6, [.approvals(.init([[0, 1]]))])
        },
        .init("a person in both groups", wrongRule) {
            var approvers = SampleApprovers.three
            approvers.groups[0].persons = 0b101
            $0.extend(zones: $0.zones, shapes: $0.shapes, approvers: approvers)
        },
        .init("no approvers", wrongRule) { $0.extend(zones: $0.zones, shapes: $0.shapes) },
        .init("no room for them", .unknownZone(item: 4, found: 1)) {
            ($0.version, $0.extensions) = (1, [])
        },
    ]

    @Test("Each spoiled part is named", arguments: persons + rules)
    func spoiled(spoiled: Spoiled) {
        var sample = conditionSample()
        spoiled.spoil(&sample)
        #expect(fault(of: sample.bytes) == spoiled.expected)
    }

    @Test("What was written is read")
    func reading() throws {
        let bytes = conditionSample().bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(bundle.personCount == 3 && bundle.groupCount == 2)
        let alice = bundle.person(at: 0)
        #expect(alice.name.array == Array("alice".utf8) && alice.keyCount == 2)
        #expect(alice.key(at: 0).array == SampleApprovers.plain(1))
        #expect(alice.key(at: 1).array == SampleApprovers.authenticator(2))
        let verifies = [alice.verifies(at: 0), alice.verifies(at: 1)]
        #expect(verifies == [false, true])
        let carol = bundle.person(at: 2)
        #expect(carol.name.array == Array("carol".utf8) && carol.keyCount == 1)
        let treasury = bundle.group(at: 1)
        #expect(treasury.name.array == Array("treasury".utf8) && treasury.persons == 3)
        let (approved, careful) = (Self.read(bundle.rule(at: 7)), Self.read(bundle.rule(at: 4)))
        #expect(approved == .init([[0, 1], [1, 2]], veto: 0, wait: 3_600))
        #expect(careful == nil)
    }

    private static func read(_ rule: RuleRecord) -> SampleApprovals? {
        guard let condition = rule.approvals else { return nil }
        let quorums = (0..<condition.count).map { index in
            let quorum = condition.quorum(at: index)
            return [UInt8(quorum.group), UInt8(quorum.threshold)]
        }
        return SampleApprovals(
            quorums,
            veto: condition.vetoGroup.map { UInt8($0) } ?? 255,
            wait: condition.waitSeconds,
            expiry: condition.expirySeconds
        )
    }

    @Test("Approvers and rules that need them are a need of their own")
    func needs() throws {
        func needs(_ sample: SampleBundle) throws -> BundleNeeds {
            let bytes = sample.bytes
            return try CheckedBundle(checking: bytes.span).layout.needs
        }
        var sample = SampleBundle()
        sample.extend()
        #expect(try !needs(sample).contains(.approvals))
        sample.extend(approvers: .three)
        #expect(try needs(sample).contains(.approvals))
        #expect(!BundleNeeds.approvals.isSubset(of: .enforced))
    }

    @Test("A rule that needs approvals allows nothing by itself, and a refusal says that they lack")
    func evaluation() throws {
        var sample = SampleBundle()
        sample.rules = [
            .conditions(
                "approved",
                [.range(1, 0, 100), .range(2, 0, 100), .approvals(.init([[0, 1], [1, 2]]))]
            )
        ]
        sample.extend(approvers: .three)
        func finding(_ outflow: UInt64) throws -> PolicyFinding? {
            let bytes = sample.bytes
            let bundle = try CheckedBundle(checking: bytes.span)
            var recorder = Recorder()
            var facts = Facts(wallet: 0, outflow: outflow, fee: 1, virtualSize: 100)
            facts.count(inputs: 1, outputs: 1, ownAmount: 1, outputAmount: 1)
            guard case .refuse(let finding) = bundle.evaluate(facts, into: &recorder) else {
                return nil
            }
            return finding
        }
        let lacking = PolicyFinding(refusal: .approvalsNeeded, rule: 0, expected: 2, found: 0)
        #expect(try finding(100) == lacking)
        #expect(try finding(101)?.refusal == .outflowOverMaximum)
        // The control, and a deny rule that wins.
        sample.rules.append(.init("everyday"))
        #expect(try finding(100) == nil)
        sample.rules[1] = .init("never", effect: 2)
        #expect(try finding(100)?.refusal == .deniedByRule)
    }
}
