import Bytes
import Signer
import TestSupport
import Testing
import Wire

@Suite("Who asked and when, from assess to release")
struct ConditionReleaseTests {
    private static let nine = ConditionTests.nine
    private static let bitsPlace = ConditionTests.bitsPlace
    /// 09:00 to 17:00 in Berlin, for uid 7.
    private static let office: [SampleCondition] = [
        .range(1, 0, .max), .range(2, 0, .max), .requesters([7]),
        .times(0, [.init(31, 540, 1_019)]),
    ]
    private static let lastMoment = nine + 480 * ConditionTests.minute - 1

    @Test("A charge for somebody else, or before it was asked, is refused; the honest one is not")
    func charges() throws {
        let (signer, log) = try ConditionTests.home(Self.office).ready()
        let request = try TestRequest(signer)
        let answer = try signer.assess(request, time: Self.nine + 5, requester: 7)
        #expect(answer.verdict == .allow)
        let before = signer.record
        let cases: [(UInt32, UInt64, Refusal, UInt64, UInt64)] = [
            (8, Self.nine + 5, .chargeLeafMismatch, 7, 8),
            (0, Self.nine + 5, .chargeLeafMismatch, 7, 0),
            (7, Self.nine + 4, .timeWentBack, Self.nine + 5, Self.nine + 4),
            (7, 1_000, .timeWentBack, Self.nine + 5, 1_000),
        ]
        for (requester, time, refusal, expected, found) in cases {
            log.charge(answer.leaf, requester: requester, logTime: time)
            let released = try signer.ask(.release, try log.release([(request, 0)]))
            #expect(released.name == refusal, "\(requester) \(time)")
            #expect(released.refusal?.expected == expected && released.refusal?.found == found)
            log.forget()
            #expect(signer.record == before)
        }
        log.charge(answer.leaf, requester: 7, logTime: Self.nine + 5)
        #expect(try signer.ask(.release, try log.release([(request, 0)])).kind == .released)
        log.commit()
        #expect(signer.record.lastTime == Self.nine + 5)
        // The clock may not go back behind what was charged.
        let early = try signer.assess(request, time: Self.nine + 4, requester: 7)
        #expect(early.name == .timeWentBack)
    }

    @Test("Without conditions a charge must be for who asked as well, and not before")
    func plainBundles() throws {
        let (signer, log) = try TestHome().ready()
        let request = try TestRequest(signer)
        let answer = try signer.assess(request, time: 2_000)
        for (requester, time, refusal) in [
            (1_001, 2_000, .chargeLeafMismatch), (1_000, 1_999, .timeWentBack),
        ] as [(UInt32, UInt64, Refusal)] {
            log.charge(answer.leaf, requester: requester, logTime: time)
            let released = try signer.ask(.release, try log.release([(request, 0)]))
            #expect(released.name == refusal)
            log.forget()
        }
        log.charge(answer.leaf, logTime: 2_000)
        #expect(try signer.ask(.release, try log.release([(request, 0)])).kind == .released)
    }

    @Test("Asked within the window it is released after it; asked again after it, refused and free")
    func windows() throws {
        let (signer, log) = try ConditionTests.home(Self.office).ready()
        let request = try TestRequest(signer)
        let index = log.leaves.count
        let answer = try signer.assess(request, time: Self.lastMoment, requester: 7)
        #expect(answer.verdict == .allow)
        log.charge(answer.leaf, requester: 7, logTime: Self.lastMoment + 1)
        let late = Self.lastMoment + 3_600 * 1_000_000_000
        // Another request after the window is refused meanwhile, which changes nothing.
        let other = try TestRequest(signer, salt: 9)
        let refused = try signer.assess(other, slot: 1, time: late, requester: 7)
        #expect(refused.refusal.code == 222)
        #expect(try signer.ask(.release, try log.release([(request, 0)])).kind == .released)
        log.commit()
        #expect(signer.record.allowanceSpent == 60_000)
        // A retry is a new question, judged by its own time.
        let again = try signer.assess(request, time: late, requester: 7)
        #expect(again.refusal.code == 222 && again.refusal.found == late / 1_000_000_000)
        let shut = try signer.ask(.release, log.retry(request, slot: 0, index: index))
        #expect(shut.name == .slotEmpty)
        // The next morning it is free, as any retry.
        let morning = Self.nine + 24 * 3_600 * 1_000_000_000
        #expect(try signer.assess(request, time: morning, requester: 7).verdict == .allow)
        let retried = try signer.ask(.release, log.retry(request, slot: 0, index: index))
        #expect(retried.kind == .released)
        #expect(signer.record.allowanceSpent == 60_000)
        // Somebody else asks for the same: what was charged for 7 is not theirs to fetch.
        let stranger = try signer.assess(request, time: morning, requester: 8)
        #expect(stranger.refusal.code == 221)
        let denied = try signer.ask(.release, log.retry(request, slot: 0, index: index))
        #expect(denied.name == .slotEmpty)
    }

    @Test("The slot answers for who asked last")
    func lastAsked() throws {
        var rules: [SampleBundle.Rule] = []
        for uid in [7, 8] as [UInt32] {
            rules.append(
                .conditions(
                    "of-\(uid)",
                    wallets: 3,
                    [
                        .range(1, 0, .max), .range(2, 0, .max), .requesters([uid]),
                    ]
                )
            )
        }
        let (signer, log) = try ConditionTests.home([]) { $0.rules = rules }.ready()
        let request = try TestRequest(signer)
        _ = try signer.assess(request, requester: 7)
        let answer = try signer.assess(request, requester: 8)
        for (rule, requester) in [(0, 7), (0, 8), (1, 7)] as [(UInt16, UInt32)] {
            log.charge(answer.leaf, rule: rule, requester: requester)
            let released = try signer.ask(.release, try log.release([(request, 0)]))
            #expect(released.name == .chargeLeafMismatch, "\(rule) \(requester)")
            log.forget()
        }
        log.charge(answer.leaf, rule: 1, requester: 8)
        #expect(try signer.ask(.release, try log.release([(request, 0)])).kind == .released)
    }

    @Test("The leaf says all that a rule asked, under a policy with conditions and under no other")
    func leaves() throws {
        let (signer, log) = try ConditionTests.home(Self.office).ready()
        var request = try TestRequest(signer)
        (request.lockTime, request.inputs[1].sequence) = (7, 144)
        let answer = try signer.assess(request, time: Self.nine, requester: 7)
        let asked = little(UInt32(7)) + little(Self.nine) + [10, 2]
        #expect(Array(answer.leaf[Self.bitsPlace...].prefix(15)) == [35] + asked)
        let leaf = try DecisionLeaf(reading: answer.leaf.span).asked
        #expect(
            leaf == AskedFacts(requester: 7, time: Self.nine, lockTimes: 10, replaceable: 2)
        )
        // A refusal by the policy has them as well, one by a check has no facts.
        let refused = try signer.assess(request, time: Self.nine, requester: 8)
        #expect(refused.leaf[Self.bitsPlace] == 35 && refused.refusal.code == 221)
        request.version = 9
        let unread = try signer.assess(request, time: Self.nine, requester: 7)
        #expect(unread.leaf[Self.bitsPlace] == 0)
        // Each of what asks for it, alone; and the control.
        for (isExtended, hasConditions) in [(true, false), (false, true), (false, false)] {
            var sample = SampleBundle()
            if isExtended { sample.extend() }
            let never: [SampleCondition] = [.requesters([9])]
            if hasConditions { sample.rules.append(.conditions("never", effect: 6, never)) }
            let (other, _) = try TestHome(sample).ready()
            let bits = try other.assess(try TestRequest(other)).leaf[Self.bitsPlace]
            #expect(bits == (isExtended || hasConditions ? 35 : 3))
        }
        _ = log
    }

    @Test("A message is denied by who asks and when, and its leaf says both")
    func messages() throws {
        let home = try ConditionTests.home([.requesters([8])], isDeny: true) {
            $0.rules.append(.messages("login", "log in"))
        }
        let (signer, log) = try home.ready()
        let request = TestMessage().request
        #expect(try signer.assess(request, requester: 8).refusal.code == 205)
        let answer = try signer.assess(request, time: Self.nine, requester: 7)
        #expect(answer.verdict == .allow)
        let asked = little(UInt32(7)) + little(Self.nine) + [0, 0]
        #expect(Array(answer.leaf[Self.bitsPlace...].prefix(15)) == [41] + asked)
        for (requester, refusal) in [(8, Refusal.chargeLeafMismatch), (7, nil)]
            as [(
                UInt32, Refusal?
            )]
        {
            log.charge(answer.leaf, rule: 2, requester: requester, logTime: Self.nine)
            let released = try signer.ask(.release, try log.release([(request, 0)]))
            #expect(released.name == refusal)
            if refusal != nil { log.forget() }
        }
        log.commit()
        let index = log.leaves.count - 2
        #expect(try signer.assess(request, time: Self.nine, requester: 7).verdict == .allow)
        let retried = try signer.ask(.release, log.retry(request, slot: 0, index: index))
        #expect(retried.kind == .released)
    }
}
