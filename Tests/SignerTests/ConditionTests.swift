import Bytes
import Signer
import TestSupport
import Testing
import Wire

@Suite("Rules of conditions, as the signer holds requests to them")
struct ConditionTests {
    /// 2026-11-23, a Monday, 09:00 in Berlin.
    static let nine: UInt64 = 1_795_420_800 * 1_000_000_000
    static let minute: UInt64 = 60 * 1_000_000_000
    static let bitsPlace = 2 + 16 + 1 + 22 + 32 + 32 + 1

    static func home(
        _ conditions: [SampleCondition],
        isDeny: Bool = false,
        _ change: (inout SampleBundle) -> Void = { _ in }
    ) throws -> TestHome {
        var sample = SampleBundle.bothWallets
        sample.lists = ["cold"]
        sample.destinations = [.init(script: TestRequest.foreignScript, lists: 1)]
        sample.extend(zones: [.berlin])
        let caps: [SampleCondition] = [.range(1, 0, .max), .range(2, 0, .max)]
        let orders = conditions.map(\.order)
        let all = (caps.filter { !orders.contains($0.order) } + conditions)
            .sorted { $0.order < $1.order }
        sample.rules =
            isDeny
            ? [.conditions("only", effect: 6, wallets: 3, conditions), .init("any")]
            : [.conditions("only", wallets: 3, all)]
        if isDeny { sample.rules[1].wallets = 3 }
        change(&sample)
        return try TestHome(sample)
    }

    /// A condition that the usual payment fails, the refusal, and what makes it hold.
    struct Case: CustomStringConvertible, Sendable {
        let condition: SampleCondition
        let code: UInt16
        let expected: UInt64
        let found: UInt64
        var time = ConditionTests.nine
        var requester: UInt32 = 1_000
        let mend: @Sendable (inout TestRequest) -> Void

        init(
            _ condition: SampleCondition,
            _ code: UInt16,
            _ expected: UInt64,
            _ found: UInt64,
            _ mend: @escaping @Sendable (inout TestRequest) -> Void
        ) {
            (self.condition, self.code) = (condition, code)
            (self.expected, self.found, self.mend) = (expected, found, mend)
        }

        var description: String { "\(condition)" }
    }

    static let cases: [Case] = [
        // Two coins of 100,000 pay 50,000 and a fee of 10,000; 140,000 come back.
        Case(.range(1, 60_001, .max), 209, 60_001, 60_000) { $0.outputs[1].amount -= 1 },
        Case(.range(1, 0, 59_999), 201, 59_999, 60_000) { $0.outputs[1].amount += 1 },
        Case(.range(2, 10_001, .max), 210, 10_001, 10_000) { $0.outputs[1].amount -= 1 },
        Case(.range(2, 0, 9_999), 202, 9_999, 10_000) { $0.outputs[1].amount += 1 },
        // 208 vB.
        Case(.range(3, 48_078, .max), 211, 48_078, 48_077) { $0.outputs[1].amount -= 1 },
        Case(.range(3, 0, 48_076), 203, 48_076, 48_077) { $0.outputs[1].amount += 1 },
        Case(.range(4, 50_001, .max), 213, 50_001, 50_000) { $0.outputs[0].amount += 1 },
        Case(.range(4, 0, 49_999), 212, 49_999, 50_000) { $0.outputs[0].amount -= 1 },
        Case(.range(5, 0, 1), 214, 1, 2) {
            $0.inputs.removeLast()
            $0.parents.removeLast()
            $0.outputs[1].amount -= 100_000
        },
        Case(.range(6, 3, .max), 215, 3, 2) {
            $0.outputs.append(TestRequest.Output(amount: 600, script: TestRequest.foreignScript))
        },
        // 140,000 of 190,000, rounded down and up.
        Case(.range(7, 736_843, 1_000_000), 216, 736_843, 736_842) { $0.outputs[0].amount -= 1 },
        Case(.range(7, 0, 736_842), 216, 736_842, 736_843) { $0.outputs[0].amount += 1 },
        Case(.destinations(1), 204, 1, 0) { $0.outputs[0].script = TestRequest.foreignScript },
        Case(.scripts(1 << 4), 217, 1 << 4, 1 << 2) {
            $0.outputs[0].script = [0x51, 32] + [UInt8](repeating: 0x42, count: 32)
        },
        Case(.lockTime(2), 218, 2, 1) { $0.lockTime = 499_999_999 },
        Case(.lockTime(8), 218, 8, 1) { $0.inputs[1].sequence = 144 },
        Case(.replaceable(1), 219, 1, 2) {
            for place in 0..<2 { $0.inputs[place].sequence = 0xffff_fffe }
        },
    ]

    /// What a case asks is refused with its numbers; mended it is allowed, and released.
    @Test(
        "Each condition refuses by its name and numbers, and lets pass what holds",
        arguments: cases
    )
    func eachCondition(_ each: Case) throws {
        let (signer, log) = try Self.home([each.condition]).ready()
        var request = try TestRequest(signer)
        // Not the script of the list.
        if each.code == 204 { request.outputs[0].script[5] ^= 1 }
        let refused = try signer.assess(request, time: Self.nine)
        #expect(refused.refusal.code == each.code)
        #expect(refused.refusal.expected == each.expected && refused.refusal.found == each.found)
        each.mend(&request)
        let allowed = try signer.assess(request, time: Self.nine)
        try #require(allowed.verdict == .allow, "\(allowed.refusal)")
        log.charge(allowed.leaf, logTime: Self.nine)
        let released = try signer.ask(.release, try log.release([(request, 0)]))
        #expect(released.kind == .released)
    }

    @Test("The same conditions deny what they may hold for", arguments: cases)
    func eachDenial(_ each: Case) throws {
        let (signer, _) = try Self.home([each.condition], isDeny: true).ready()
        var request = try TestRequest(signer)
        if each.code == 204 { request.outputs[0].script[5] ^= 1 }
        let isRounded = each.code == 216
        let allowed = try signer.assess(request, time: Self.nine)
        #expect((allowed.verdict == .allow) != isRounded)
        each.mend(&request)
        let denied = try signer.assess(request, time: Self.nine)
        #expect(denied.refusal.code == 205)
    }

    @Test("Replacements, requesters and times are told apart by allow and deny rules")
    func asked() throws {
        let span = SampleCondition.Span(31, 540, 1_019)
        let conditions: [(SampleCondition, UInt16)] = [
            (.requesters([7, 1_000]), 221), (.times(0, [span]), 222),
            (.replacement(1), 220),
        ]
        let bump: [SampleCondition] = [
            .range(1, 0, .max), .range(2, 10_001, .max), .replacement(2),
        ]
        for (condition, code) in conditions {
            for isDeny in [false, true] {
                let (signer, log) = try Self.home([condition], isDeny: isDeny) {
                    if code == 220, !isDeny { $0.rules.append(.conditions("bump", bump)) }
                }.ready()
                let request = try TestRequest(signer)
                func verdict(_ time: UInt64, _ requester: UInt32) throws -> UInt16 {
                    try signer.assess(request, time: time, requester: requester).refusal.code
                }
                let (inside, outside) = isDeny ? (UInt16(205), UInt16(0)) : (0, code)
                let last = Self.nine + 480 * Self.minute - 1
                switch code {
                case 221:
                    for uid in [7, 1_000] as [UInt32] { #expect(try verdict(1_000, uid) == inside) }
                    for uid in [0, 8, .max] as [UInt32] {
                        #expect(try verdict(1_000, uid) == outside)
                    }
                case 222:
                    for time in [Self.nine, last] { #expect(try verdict(time, 0) == inside) }
                    for time in [Self.nine - 1, last + 1] {
                        #expect(try verdict(time, 0) == outside)
                    }
                default:
                    #expect(try verdict(1_000, 0) == inside)
                    guard !isDeny else { continue }
                    _ = try signer.pay(request, log)
                    let bump = ReplacementTests.bump(request, by: 5)
                    let answer = try signer.assess(bump)
                    #expect(answer.verdict == .allow)
                    log.charge(answer.leaf, rule: 1)
                    let released = try signer.ask(.release, try log.release([(bump, 0)]))
                    #expect(released.kind == .released)
                }
            }
        }
    }

    @Test("Types that leave something open make unknown what they leave open")
    func openTypes() throws {
        let permitted = SampleCondition.sighashes(31)
        let cases: [(SampleCondition, UInt8, UInt16)] = [
            (.range(4, 0, 60_000), 2, 212), (.range(6, 0, 9), 2, 215), (.scripts(0x7f), 2, 217),
            (.range(7, 0, 999_999), 0x81, 216), (.range(5, 0, 9), 0x81, 214),
            (.replaceable(2), 0x81, 0), (.replaceable(1), 0x81, 219), (.lockTime(1), 0x81, 218),
            (.lockTime(9), 0x81, 0), (.lockTime(1), 2, 0), (.range(4, 0, 60_000), 0x81, 0),
            (.scripts(4), 0x81, 0), (.range(2, 1, .max), 2, 210),
        ]
        for (condition, sighash, code) in cases {
            let (signer, _) = try Self.home([condition, permitted]).ready()
            var request = try TestRequest(signer, count: 1)
            request.inputs[0].sighash = sighash
            if condition == .replaceable(1) { request.inputs[0].sequence = .max }
            let answer = try signer.assess(request)
            #expect(answer.refusal.code == code, "\(condition) \(sighash)")
        }
    }
}
