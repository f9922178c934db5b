import Bytes
import Gate
import Testing
import Wire

@Suite("Limits that each destination of a list has for itself")
struct EachLimitTests {
    private static let second: UInt64 = 1_000_000_000
    private static let scripts = (0..<5).map { HashKey(Bytes32(repeating: UInt8($0 + 1))) }

    private static func outpoint(_ number: Int) -> LeafOutpoint {
        LeafOutpoint(txid: Bytes32(repeating: UInt8(number % 251)), vout: UInt32(number))
    }

    private static func caps(
        _ amountMax: UInt64?,
        _ countMax: UInt32? = nil,
        windowSeconds: UInt32 = 10
    ) -> LimitCaps {
        LimitCaps(
            windowSeconds: windowSeconds,
            amountMax: amountMax,
            countMax: countMax,
            eachOf: 0
        )
    }

    private static func pay(
        _ place: Int?,
        _ amount: UInt64,
        limit: UInt16 = 0
    ) -> DestinationCharge {
        DestinationCharge(limit: limit, script: place.map { scripts[$0] }, amount: amount)
    }

    private static func refusal(
        _ limiter: inout Limiter,
        _ paying: [DestinationCharge],
        _ group: LeafOutpoint,
        at now: UInt64
    ) -> LimitExceeded? {
        do throws(LimitExceeded) {
            try limiter.check([], paying: paying, group: group, at: now)
            return nil
        } catch {
            return error
        }
    }

    /// Some destinations of some limits, or all of them at once; each at most once.
    private static func charges(
        _ limits: [LimitCaps],
        using random: inout SeededGenerator
    ) -> [DestinationCharge] {
        var charges: [DestinationCharge] = []
        let isOpen = Int.random(in: 0..<8, using: &random) == 0
        for limit in limits.indices where limits[limit].eachOf != nil {
            for place in scripts.indices where isOpen ? place == 0 : Bool.random(using: &random) {
                let amount = UInt64.random(in: 0...400, using: &random)
                charges.append(pay(isOpen ? nil : place, amount, limit: UInt16(limit)))
            }
        }
        return charges
    }

    @Test("Over 300 random histories it agrees with the rules read literally, question by question")
    func model() {
        var (admitted, refused) = (0, 0)
        for seed in 0..<300 {
            var random = SeededGenerator(seed: UInt64(7_000 + seed))
            let limits = (0..<3).map { place in
                LimitCaps(
                    windowSeconds: [1, 10, 100].randomElement(using: &random) ?? 10,
                    amountMax: [nil, 0, 500, 2_000].randomElement(using: &random) ?? nil,
                    countMax: [nil, 0, 3, 10].randomElement(using: &random) ?? nil,
                    eachOf: place == 1 ? nil : place
                )
            }
            var limiter = Limiter(limits)
            var naive = NaiveLimiter(limits: limits)
            var now: UInt64 = 0
            for _ in 0..<50 {
                now += Self.second * UInt64.random(in: 0...8, using: &random) / 2
                let inputs = Set((0..<3).map { _ in Int.random(in: 0...12, using: &random) })
                    .sorted().map(Self.outpoint)
                let group = limiter.anchor(among: inputs) ?? inputs[0]
                let paying = Self.charges(limits, using: &random)
                let refusal = Self.refusal(&limiter, paying, group, at: now)
                let admits = naive.admits(paying, among: Self.scripts, group: group, at: now)
                if (refusal == nil) != admits {
                    Issue.record("history \(seed) disagrees at age \(now): \(refusal as Any)")
                }
                guard admits else {
                    refused += 1
                    continue
                }
                admitted += 1
                let outflow = UInt64.random(in: 0...3, using: &random)
                let plain = [LeafCharge(limit: 1, amount: 1)]
                limiter.charge(plain, paying: paying, group: group, outflow: outflow, at: now)
                naive.charge(plain, paying: paying, group: group, outflow: outflow, at: now)
                // What it tells is what a payment of nothing would find.
                guard let cap = limits[0].amountMax else { continue }
                for (place, script) in Self.scripts.enumerated() {
                    let used = naive.usage(of: 0, by: script, at: now)
                    let probe = [Self.pay(place, cap + 1)]
                    let next = Self.refusal(&limiter, probe, Self.outpoint(1_000), at: now)
                    let wouldBe = UInt64(used.amount) + cap + 1
                    if next != LimitExceeded(limit: 0, cap: cap, wouldBe: wouldBe) {
                        Issue.record("history \(seed): \(next as Any) is not \(wouldBe)")
                    }
                }
            }
        }
        print("each destination: \(admitted) admitted, \(refused) refused")
        #expect(admitted > 1_000 && refused > 1_000)
    }

    /// What one signed transaction pays, for the search below.
    private struct Signed {
        let inputs: Set<Int>
        let amounts: [UInt64]
        let date: UInt64
    }

    /// The most that can confirm together of these to one destination: every choice is tried.
    private static func most(_ signed: [Signed], to place: Int) -> UInt64 {
        guard let first = signed.first else { return 0 }
        let rest = Array(signed.dropFirst())
        let without = most(rest, to: place)
        let compatible = rest.filter { $0.inputs.isDisjoint(with: first.inputs) }
        return max(without, first.amounts[place] + most(compatible, to: place))
    }

    /// The largest sum that could confirm to any destination of what was signed in any window.
    private static func worst(_ signed: [Signed], window: UInt64) -> UInt64 {
        var worst: UInt64 = 0
        for last in signed {
            let within = signed.filter { $0.date <= last.date && last.date - $0.date < window }
            for place in scripts.indices { worst = max(worst, most(within, to: place)) }
        }
        return worst
    }

    @Test("Whatever of it confirms, no destination gets more than its limit in any window")
    func confirming() {
        var worstWithout: UInt64 = 0
        for seed in 0..<150 {
            var random = SeededGenerator(seed: UInt64(90_000 + seed))
            let limit = Self.caps(1_000)
            var limiter = Limiter([limit])
            var (signed, all): ([Signed], [Signed]) = ([], [])
            var now: UInt64 = 0
            for _ in 0..<16 {
                now += Self.second * UInt64.random(in: 0...3, using: &random)
                let inputs = Set((0..<2).map { _ in Int.random(in: 0...6, using: &random) })
                let outpoints = inputs.sorted().map(Self.outpoint)
                let amounts = Self.scripts.map { _ in
                    Bool.random(using: &random) ? UInt64.random(in: 1...600, using: &random) : 0
                }
                let paying = amounts.indices.filter { amounts[$0] > 0 }
                    .map { Self.pay($0, amounts[$0]) }
                let one = Signed(inputs: inputs, amounts: amounts, date: now)
                all.append(one)
                let group = limiter.anchor(among: outpoints) ?? outpoints[0]
                guard Self.refusal(&limiter, paying, group, at: now) == nil else { continue }
                let sum = amounts.reduce(0, +)
                limiter.charge([], paying: paying, group: group, outflow: sum, at: now)
                signed.append(one)
            }
            #expect(Self.worst(signed, window: limit.window) <= 1_000, "history \(seed)")
            worstWithout = max(worstWithout, Self.worst(all, window: limit.window))
        }
        #expect(worstWithout > 1_000, "the control: without the limiter it would be too much")
    }

    @Test("One destination's payments leave the others theirs; amounts to it add to the satoshi")
    func apart() {
        var limiter = Limiter([Self.caps(100, 2)])
        func refused(_ paying: [DestinationCharge], _ group: Int) -> LimitExceeded? {
            Self.refusal(&limiter, paying, Self.outpoint(group), at: 0)
        }
        func charge(_ paying: [DestinationCharge], _ group: Int) {
            limiter.charge([], paying: paying, group: Self.outpoint(group), outflow: 1, at: 0)
        }
        charge([Self.pay(0, 60), Self.pay(1, 100)], 1)
        #expect(refused([Self.pay(0, 40)], 2) == nil)
        #expect(refused([Self.pay(0, 41)], 2) == LimitExceeded(limit: 0, cap: 100, wouldBe: 101))
        #expect(refused([Self.pay(1, 1)], 2) == LimitExceeded(limit: 0, cap: 100, wouldBe: 101))
        #expect(refused([Self.pay(2, 100)], 2) == nil)
        charge([Self.pay(0, 1)], 2)
        #expect(refused([Self.pay(0, 0)], 3) == LimitExceeded(limit: 0, cap: 2, wouldBe: 3))
        #expect(refused([Self.pay(1, 0)], 3) == nil)
        // A replacement charges what it pays more; the other destination of its group stays.
        #expect(refused([Self.pay(1, 100), Self.pay(2, 100)], 1) == nil)
        #expect(refused([Self.pay(1, 101)], 1) == LimitExceeded(limit: 0, cap: 100, wouldBe: 101))
        #expect(limiter.usage(of: 0, at: 0) == LimitUsage(amount: 161, count: 2))
    }

    @Test("It counts until its window is over to the nanosecond, and anew once signed again")
    func window() {
        var limiter = Limiter([Self.caps(100)])
        let (group, other) = (Self.outpoint(1), Self.outpoint(2))
        limiter.charge([], paying: [Self.pay(0, 70)], group: group, outflow: 1, at: 5)
        let end = 5 + 10 * Self.second
        let more = [Self.pay(0, 31)]
        #expect(Self.refusal(&limiter, more, other, at: end - 1) != nil)
        #expect(Self.refusal(&limiter, more, other, at: end) == nil)
        // The 70 can still confirm in the place of what is signed now.
        limiter.charge([], paying: [Self.pay(1, 1)], group: group, outflow: 1, at: end)
        #expect(Self.refusal(&limiter, more, other, at: end) != nil)
        #expect(Self.refusal(&limiter, more, other, at: end + 10 * Self.second) == nil)
    }

    @Test("Outputs that others may add count for every destination, paid before or not")
    func open() {
        var limiter = Limiter([Self.caps(100)])
        let (one, two) = (Self.outpoint(1), Self.outpoint(2))
        limiter.charge([], paying: [Self.pay(0, 60)], group: one, outflow: 1, at: 0)
        #expect(Self.refusal(&limiter, [Self.pay(nil, 41)], two, at: 0) != nil)
        limiter.charge([], paying: [Self.pay(nil, 40)], group: two, outflow: 1, at: 0)
        #expect(Self.refusal(&limiter, [Self.pay(0, 1)], Self.outpoint(3), at: 0) != nil)
        #expect(Self.refusal(&limiter, [Self.pay(1, 60)], Self.outpoint(3), at: 0) == nil)
        #expect(Self.refusal(&limiter, [Self.pay(1, 61)], Self.outpoint(3), at: 0) != nil)
    }

    @Test("A log that follows a lost one admits nothing to anyone until the window has passed")
    func filled() {
        var limiter = Limiter([Self.caps(100), Self.caps(nil, 3, windowSeconds: 20)])
        limiter.fill(at: 7)
        func refused(_ limit: UInt16, at now: UInt64) -> Bool {
            let paying = [Self.pay(4, 1, limit: limit)]
            return Self.refusal(&limiter, paying, Self.outpoint(1), at: now) != nil
        }
        #expect(refused(0, at: 6 + 10 * Self.second))
        #expect(!refused(0, at: 7 + 10 * Self.second))
        #expect(refused(1, at: 6 + 20 * Self.second))
        #expect(!refused(1, at: 7 + 20 * Self.second))
    }

    @Test("Where there is no room to remember one more, it is refused by name and nothing is lost")
    func memory() {
        // Each payment is a destination, an amount and a signing.
        var limiter = Limiter([Self.caps(100)], heldMax: 12)
        for place in 0..<4 {
            let (paying, group) = ([Self.pay(place, 60)], Self.outpoint(place))
            #expect(Self.refusal(&limiter, paying, group, at: 0) == nil)
            limiter.charge([], paying: paying, group: group, outflow: 1, at: 0)
        }
        let full = LimitExceeded(limit: 0, cap: 12, wouldBe: 15, refusal: .limitMemoryFull)
        let (next, other) = ([Self.pay(4, 1)], Self.outpoint(9))
        #expect(Self.refusal(&limiter, next, other, at: 0) == full)
        // What pays nobody with such a limit goes on, and nothing that counts is forgotten.
        #expect(Self.refusal(&limiter, [], other, at: 0) == nil)
        for place in 0..<4 {
            let over = Self.refusal(&limiter, [Self.pay(place, 41)], other, at: 0)
            #expect(over == LimitExceeded(limit: 0, cap: 100, wouldBe: 101))
        }
        // The signings leave with the window; destinations and amounts stay with their groups.
        #expect(Self.refusal(&limiter, next, other, at: 10 * Self.second) == nil)
    }
}
