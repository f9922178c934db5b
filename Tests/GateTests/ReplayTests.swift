import Bytes
import Gate
import Testing
import Transparency
import Wire

@Suite("The log as the state of the limits")
struct ReplayTests {
    private static let limits = [
        LimitCaps(windowSeconds: 600, amountMax: 4_000, countMax: 12),
        LimitCaps(windowSeconds: 60, amountMax: 900, countMax: nil),
    ]

    @Test("After every flush a replay of the leaves gives the very state of the one who served")
    func everyPrefix() throws {
        for seed in 0..<6 {
            var random = SeededGenerator(seed: UInt64(seed))
            var bench = try GateBench.serving(limits: Self.limits)
            bench.signer.charges = { sample in
                var charges = [LeafCharge(limit: 0, amount: sample.amount)]
                if sample.amount.isMultiple(of: 2) {
                    charges.append(LeafCharge(limit: 1, amount: sample.amount / 2))
                }
                return charges
            }
            bench.signer.refusalCode = { $0.amount.isMultiple(of: 17) ? 23 : 0 }
            for step in 0..<60 {
                let inputs = Set((0..<2).map { _ in Int.random(in: 0...20, using: &random) })
                let sample = ResolvedSample(
                    spending: inputs.sorted(),
                    amount: UInt64.random(in: 1...700, using: &random)
                )
                _ = try bench.answer(sample)
                bench.clock.pass(seconds: Double.random(in: 0...40, using: &random))
                if step % 20 == 19 { bench = try bench.restarted() }
                try Self.compare(bench)
            }
        }
    }

    /// The state of a server, as its status tells it, against one made from the leaves alone.
    private static func compare(_ bench: GateBench) throws {
        var state = LogState(limits: limits, bundleHash: GateBench.bundleHash)
        for leaf in try bench.leaves() { try state.take(leaf.span) }
        let replayed = state.usage(at: bench.clock.now)
        let told = try bench.toldUsage()
        #expect(told.count == limits.count && replayed.count == limits.count)
        for (usage, (amount, count)) in zip(replayed, told) {
            #expect(UInt128(amount) == usage.amount && UInt64(count) == usage.count)
        }
    }

    @Test("The server signs what every window has room for, and nothing else")
    func windowsThroughTheServer() throws {
        for seed in 0..<3 {
            var random = SeededGenerator(seed: UInt64(40 + seed))
            var bench = try GateBench.serving(limits: Self.limits)
            bench.signer.charges = { sample in
                [0, 1].map { LeafCharge(limit: $0, amount: sample.amount) }
            }
            var signed: [(date: UInt64, amount: UInt64)] = []
            for step in 0..<80 {
                let now = bench.clock.now.boottime
                let amount = UInt64.random(in: 1...700, using: &random)
                let isRoom = Self.limits.allSatisfy { caps in
                    let within = signed.filter { now - $0.date < caps.window }
                    let sum = within.reduce(amount) { $0 + $1.amount }
                    return sum <= caps.amountMax ?? .max
                        && within.count < caps.countMax.map(Int.init) ?? .max
                }
                // A coin of its own each time: nothing conflicts, so everything adds up.
                let reply = try bench.answer(ResolvedSample(spending: [step], amount: amount))
                #expect((reply.kind == .signed) == isRoom, "step \(step) of seed \(seed)")
                if isRoom { signed.append((now, amount)) }
                bench.clock.pass(seconds: Double.random(in: 0...20, using: &random))
                if step % 30 == 29 { bench = try bench.restarted() }
            }
            #expect(signed.count > 10 && signed.count < 80)
        }
    }

    @Test("A leaf that cannot follow is refused: out of order, doubled, or of another bundle")
    func faults() throws {
        let bench = try GateBench.serving()
        _ = try bench.answer(ResolvedSample(spending: [1], amount: 10))
        let leaves = try bench.leaves()
        let (start, decision, charge) = (leaves[0], leaves[1], leaves[2])
        func fault(_ leaves: [[UInt8]], bundle: UInt8 = 0xB4) -> LeafFault? {
            var state = LogState(limits: GateBench.limits, bundleHash: Bytes32(repeating: bundle))
            do throws(LeafFault) {
                for leaf in leaves { try state.take(leaf.span) }
            } catch {
                return error
            }
            return nil
        }
        #expect(fault([start, decision, charge]) == nil)
        #expect(fault([start, charge]) == .chargeWithoutDecision)
        #expect(fault([start, decision, start]) == .decisionWithoutCharge)
        #expect(fault([start, decision, decision]) == .decisionWithoutCharge)
        #expect(fault([decision, charge]) == .chargeWithoutDecision)
        #expect(fault([start, decision, charge], bundle: 1) == .otherBundle)
        #expect(fault([[]]) == .empty)
        #expect(fault([[UInt8](repeating: 2, count: 60_001)]) == .tooLong(count: 60_001))
        #expect(fault([Array(start.dropLast())]) != nil)
        #expect(fault([start, start + [0]]) != nil)
    }
}
