import Bytes
import Gate
import Testing
import Wire

@Suite("The limiter")
struct LimiterTests {
    private static let second: UInt64 = 1_000_000_000

    private static func outpoint(_ number: Int) -> LeafOutpoint {
        LeafOutpoint(txid: Bytes32(repeating: UInt8(number % 251)), vout: UInt32(number))
    }

    private static func admits(
        _ limiter: inout Limiter,
        _ charges: [LeafCharge],
        _ group: LeafOutpoint,
        at now: UInt64
    ) -> Bool {
        do {
            try limiter.check(charges, group: group, at: now)
            return true
        } catch {
            return false
        }
    }

    @Test("Over 200 random histories it agrees with the rules read literally, question by question")
    func model() {
        for seed in 0..<200 {
            var random = SeededGenerator(seed: UInt64(seed))
            let limits = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                LimitCaps(
                    windowSeconds: [0, 1, 10, 100].randomElement(using: &random) ?? 10,
                    amountMax: [nil, 0, 500, 2_000].randomElement(using: &random) ?? nil,
                    countMax: [nil, 0, 3, 10].randomElement(using: &random) ?? nil
                )
            }
            var limiter = Limiter(limits)
            var naive = NaiveLimiter(limits: limits)
            var now: UInt64 = 0
            for _ in 0..<50 {
                now += Self.second * UInt64.random(in: 0...8, using: &random) / 2
                // Few outpoints, so that transactions conflict often.
                let inputs = Set((0..<3).map { _ in Int.random(in: 0...12, using: &random) })
                    .sorted().map(Self.outpoint)
                let joined = limiter.anchor(among: inputs)
                var agrees = joined == naive.anchor(among: inputs)
                let group = joined ?? inputs[0]
                let charges = (0..<limits.count).filter { _ in Bool.random(using: &random) }
                    .map {
                        LeafCharge(
                            limit: UInt16($0),
                            amount: UInt64.random(in: 0...400, using: &random)
                        )
                    }
                let outflow = UInt64.random(in: 0...3, using: &random)
                let isAdmitted = Self.admits(&limiter, charges, group, at: now)
                agrees = agrees && isAdmitted == naive.admits(charges, group: group, at: now)
                if isAdmitted {
                    limiter.charge(charges, group: group, outflow: outflow, at: now)
                    naive.charge(charges, group: group, outflow: outflow, at: now)
                }
                for limit in limits.indices {
                    let usage = limiter.usage(of: limit, at: now)
                    agrees = agrees && usage == naive.usage(of: limit, at: now)
                }
                // One expectation a step: they cost more than the questions.
                if !agrees { Issue.record("history \(seed) disagrees at age \(now)") }
            }
        }
    }

    @Test("A charge counts until its window is over to the nanosecond")
    func windowEdge() {
        var limiter = Limiter([LimitCaps(windowSeconds: 10, amountMax: 100, countMax: 1)])
        let charges = [LeafCharge(limit: 0, amount: 1)]
        limiter.charge(charges, group: Self.outpoint(0), outflow: 1, at: 5)
        let end = 5 + 10 * Self.second
        #expect(!Self.admits(&limiter, charges, Self.outpoint(1), at: end - 1))
        #expect(Self.admits(&limiter, charges, Self.outpoint(1), at: end))
    }

    @Test("The cap itself is admitted, one satoshi and one signing more is not")
    func caps() {
        var limiter = Limiter([LimitCaps(windowSeconds: 10, amountMax: 100, countMax: 2)])
        limiter.charge(
            [LeafCharge(limit: 0, amount: 60)],
            group: Self.outpoint(0),
            outflow: 1,
            at: 0
        )
        let other = Self.outpoint(1)
        #expect(Self.admits(&limiter, [LeafCharge(limit: 0, amount: 40)], other, at: 0))
        #expect(throws: LimitExceeded(limit: 0, cap: 100, wouldBe: 101)) {
            try limiter.check([LeafCharge(limit: 0, amount: 41)], group: other, at: 0)
        }
        limiter.charge([LeafCharge(limit: 0, amount: 40)], group: other, outflow: 1, at: 0)
        #expect(throws: LimitExceeded(limit: 0, cap: 2, wouldBe: 3)) {
            try limiter.check([LeafCharge(limit: 0, amount: 0)], group: Self.outpoint(2), at: 0)
        }
    }

    @Test("A replacement charges the larger amount once, anew, and counts a second signing")
    func replacement() {
        var limiter = Limiter([LimitCaps(windowSeconds: 10, amountMax: 100, countMax: 9)])
        let group = Self.outpoint(0)
        limiter.charge([LeafCharge(limit: 0, amount: 70)], group: group, outflow: 70, at: 0)
        #expect(Self.admits(&limiter, [LeafCharge(limit: 0, amount: 100)], group, at: 1))
        #expect(!Self.admits(&limiter, [LeafCharge(limit: 0, amount: 31)], Self.outpoint(1), at: 1))
        let later = 9 * Self.second
        limiter.charge([LeafCharge(limit: 0, amount: 20)], group: group, outflow: 20, at: later)
        let usages = [later, 10 * Self.second, 19 * Self.second].map {
            limiter.usage(of: 0, at: $0)
        }
        #expect(usages.map(\.amount) == [70, 70, 0])
        #expect(usages.map(\.count) == [2, 1, 0])
    }

    @Test("A group that left every window counts its largest member once it is signed again")
    func late() {
        var limiter = Limiter([LimitCaps(windowSeconds: 10, amountMax: 100, countMax: nil)])
        let group = Self.outpoint(0)
        limiter.charge([LeafCharge(limit: 0, amount: 70)], group: group, outflow: 70, at: 0)
        let later = 1_000 * Self.second
        #expect(limiter.usage(of: 0, at: later).amount == 0)
        // What was signed first can still confirm instead: had the group been dropped it were 20.
        #expect(limiter.anchor(among: [group]) == group)
        limiter.charge([LeafCharge(limit: 0, amount: 20)], group: group, outflow: 20, at: later)
        #expect(limiter.usage(of: 0, at: later).amount == 70)
        #expect(
            !Self.admits(&limiter, [LeafCharge(limit: 0, amount: 31)], Self.outpoint(1), at: later)
        )
    }

    @Test("A transaction that conflicts with two groups joins the larger, the older of two equal")
    func twoGroups() {
        var limiter = Limiter([])
        for (number, outflow) in [(0, 10), (1, 30), (2, 30)] {
            limiter.charge([], group: Self.outpoint(number), outflow: UInt64(outflow), at: 0)
        }
        let all = [2, 0, 1].map(Self.outpoint)
        #expect(limiter.anchor(among: all) == Self.outpoint(1))
        #expect(limiter.anchor(among: [Self.outpoint(0), Self.outpoint(5)]) == Self.outpoint(0))
        #expect(limiter.anchor(among: [Self.outpoint(5)]) == nil)
    }

    @Test("Amounts at the end of 64 bits neither wrap nor trap")
    func extremes() {
        let most = UInt64.max - 1
        var limiter = Limiter([
            LimitCaps(windowSeconds: .max, amountMax: most, countMax: .max - 1),
            LimitCaps(windowSeconds: .max, amountMax: nil, countMax: nil),
        ])
        let charges = [LeafCharge(limit: 1, amount: .max)]
        for number in 0..<4 {
            #expect(Self.admits(&limiter, charges, Self.outpoint(number), at: .max))
            limiter.charge(charges, group: Self.outpoint(number), outflow: .max, at: .max)
        }
        let usage = limiter.usage(of: 1, at: .max)
        #expect(usage.amount == 4 * UInt128(UInt64.max))
        limiter.charge(
            [LeafCharge(limit: 0, amount: most)],
            group: Self.outpoint(9),
            outflow: 1,
            at: .max
        )
        #expect(throws: LimitExceeded(limit: 0, cap: most, wouldBe: .max)) {
            try limiter.check(
                [LeafCharge(limit: 0, amount: .max)],
                group: Self.outpoint(8),
                at: .max
            )
        }
        #expect(
            Self.admits(&limiter, [LeafCharge(limit: 0, amount: 0)], Self.outpoint(8), at: .max)
        )
    }

    @Test("A log that follows a lost one admits nothing until every window has passed")
    func filled() {
        var limiter = Limiter([
            LimitCaps(windowSeconds: 10, amountMax: 100, countMax: nil),
            LimitCaps(windowSeconds: 20, amountMax: nil, countMax: 3),
        ])
        limiter.fill(at: 7)
        let one = [LeafCharge(limit: 0, amount: 1)]
        let two = [LeafCharge(limit: 1, amount: 1)]
        let group = Self.outpoint(0)
        #expect(!Self.admits(&limiter, one, group, at: 6 + 10 * Self.second))
        #expect(Self.admits(&limiter, one, group, at: 7 + 10 * Self.second))
        #expect(!Self.admits(&limiter, two, group, at: 6 + 20 * Self.second))
        #expect(Self.admits(&limiter, two, group, at: 7 + 20 * Self.second))
    }
}
