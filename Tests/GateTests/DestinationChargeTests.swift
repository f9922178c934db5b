import BitcoinCrypto
import Bytes
import Gate
import Policy
import TestSupport
import Testing
import Wire

@Suite("What a decision's destinations are charged")
struct DestinationChargeTests {
    private static func script(_ number: UInt8) -> [UInt8] {
        [0, 20] + [UInt8](repeating: number, count: 20)
    }

    /// Lists 0 and 1; limits 0 the whole, 1 and 2 each of list 0, 3 each of list 1.
    private static let limits = [nil, 0, 0, 1].map { (list: Int?) in
        LimitCaps(windowSeconds: 60, amountMax: 1_000, countMax: 100, eachOf: list)
    }

    static func lists() throws -> DestinationLists {
        var bundle = SampleBundle()
        bundle.lists = ["payroll", "vendors"]
        bundle.destinations = [
            .init(script: script(1), lists: 1), .init(script: script(2), lists: 3),
            .init(script: script(3), lists: 2),
        ]
        bundle.extend(shapes: [SampleShape(2, [0xAB], 1...40)])
        let bytes = bundle.bytes
        return DestinationLists(bytes, try CheckedBundle(checking: bytes.span).layout)
    }

    private static func decision(
        _ destinations: [(UInt64, [UInt8])],
        shared: [LeafCharge],
        own: [LeafCharge] = [],
        sighashes: UInt8 = 0,
        code: UInt16 = 0
    ) throws -> Decision {
        var sample = ResolvedSample(spending: [1], amount: 700)
        sample.destinations = destinations
        sample.sighashes = sighashes
        sample.shared = shared
        let leaf = sample.leaf(
            RefusalDetail(rawCode: code),
            bundleHash: GateBench.bundleHash,
            charges: own
        )
        return try Decision(reading: leaf.span, limits: limits, lists: lists())
    }

    private static func pay(
        _ limit: UInt16,
        _ script: [UInt8]?,
        _ amount: UInt64
    ) -> DestinationCharge {
        let key = script.map { HashKey(SHA256.hash($0.span)) }
        return DestinationCharge(limit: limit, script: key, amount: amount)
    }

    @Test("Amounts to one script add; each script is charged in every limit of its lists")
    func charges() throws {
        let (one, two, three) = (Self.script(1), Self.script(2), Self.script(3))
        let decision = try Self.decision(
            [(10, one), (200, two), (3, three), (90, one), (55, Self.script(9))],
            shared: [(0, 700), (1, 300), (2, 300), (3, 203)].map {
                LeafCharge(limit: $0.0, amount: $0.1)
            },
            own: [LeafCharge(limit: 0, amount: 1)]
        )
        #expect(
            decision.paying == [
                Self.pay(1, one, 100), Self.pay(1, two, 200), Self.pay(2, one, 100),
                Self.pay(2, two, 200), Self.pay(3, two, 200), Self.pay(3, three, 3),
            ]
        )
        // The others are charged as ever.
        #expect(decision.candidates.map(\.charges) == [[LeafCharge(limit: 0, amount: 701)]])
    }

    @Test("Data that stands in a list by its shape is a destination, and so is what may have any")
    func shapes() throws {
        let data: [UInt8] = [0x6A, 2, 0xAB, 7]
        let unclear: [UInt8] = [0x6A, 1, 0xCD, 1, 0xCD]
        let other: [UInt8] = [0x6A, 2, 0xAC, 7]
        let decision = try Self.decision(
            [(0, data), (0, unclear), (0, other)],
            shared: [LeafCharge(limit: 3, amount: 0)]
        )
        #expect(decision.paying == [Self.pay(3, data, 0), Self.pay(3, unclear, 0)])
    }

    @Test("Where others may add outputs, all of it is charged to whoever stands in a list")
    func open() throws {
        let all = [1, 2, 3].map { LeafCharge(limit: $0, amount: 700) }
        for types in [1, 2, 8, 16] as [UInt8] {
            let decision = try Self.decision([(5, Self.script(1))], shared: all, sighashes: types)
            #expect(decision.paying == [1, 2, 3].map { Self.pay($0, nil, 700) })
        }
        // ALL|ANYONECANPAY fixes the outputs.
        let fixed = try Self.decision(
            [(5, Self.script(1))],
            shared: [1, 2].map { LeafCharge(limit: $0, amount: 5) },
            sighashes: 4
        )
        #expect(fixed.paying == [1, 2].map { Self.pay($0, Self.script(1), 5) })
    }

    @Test("A signer that charges a list more, less, or not at all is not believed")
    func mismatch() throws {
        let destinations = [(UInt64(10), Self.script(3))]
        _ = try Self.decision(destinations, shared: [LeafCharge(limit: 3, amount: 10)])
        for amount in [0, 9, 11, .max] as [UInt64] {
            #expect(throws: LeafFault.wrongDestinationCharge(3)) {
                try Self.decision(destinations, shared: [LeafCharge(limit: 3, amount: amount)])
            }
        }
        #expect(throws: LeafFault.wrongDestinationCharge(3)) {
            try Self.decision(destinations, shared: [])
        }
        #expect(throws: LeafFault.wrongDestinationCharge(1)) {
            try Self.decision([], shared: [LeafCharge(limit: 1, amount: 0)])
        }
        #expect(throws: LeafFault.wrongDestinationCharge(3)) {
            try Self.decision(
                destinations,
                shared: [LeafCharge(limit: 3, amount: 10)],
                own: [LeafCharge(limit: 3, amount: 10)]
            )
        }
    }

    @Test("A refusal charges nobody, and neither does a message")
    func none() throws {
        let refused = try Self.decision([(10, Self.script(1))], shared: [], code: 204)
        #expect(refused.paying.isEmpty)
        let message = try ResolvedSample(saying: "hello").leaf(
            .none,
            bundleHash: GateBench.bundleHash,
            charges: [LeafCharge(limit: 0, amount: 0)]
        )
        let read = try Decision(reading: message.span, limits: Self.limits, lists: Self.lists())
        #expect(read.isMessage && read.paying.isEmpty)
    }
}

/// The same through the server: charged, refused, and found again by a replay.
@Suite("Limits of each destination through the server")
struct EachLimitServerTests {
    private static let limits = [
        LimitCaps(windowSeconds: 600, amountMax: 9_000, countMax: nil),
        LimitCaps(windowSeconds: 60, amountMax: 900, countMax: 4, eachOf: 0),
    ]

    /// A signer that looks destinations up as the real one does: one of three of a list is paid.
    private static func prepare(_ bench: GateBench) throws {
        bench.signer.posing = { sample in
            var sample = sample
            let script = [0, 20] + [UInt8](repeating: UInt8(sample.amount % 3), count: 20)
            sample.destinations = [(sample.amount, script)]
            if sample.amount % 3 != 0 {
                sample.shared = [LeafCharge(limit: 1, amount: sample.amount)]
            }
            return sample
        }
    }

    @Test("Each of two has its own window, over restarts, conflicts counted once")
    func histories() throws {
        for seed in 0..<6 {
            var random = SeededGenerator(seed: UInt64(500 + seed))
            let lists = try DestinationChargeTests.lists()
            var bench = try GateBench.serving(limits: Self.limits, lists: lists)
            try Self.prepare(bench)
            var naive = NaiveLimiter(limits: Self.limits)
            var (signed, refused) = (0, 0)
            for step in 0..<80 {
                let now = bench.clock.now.boottime
                let inputs = Set((0..<2).map { _ in Int.random(in: 0...40, using: &random) })
                let amount = UInt64.random(in: 1...500, using: &random)
                let sample = ResolvedSample(spending: inputs.sorted(), amount: amount)
                let script = Bytes32(repeating: UInt8(amount % 3))
                let paying =
                    amount % 3 == 0
                    ? []
                    : [DestinationCharge(limit: 1, script: HashKey(script), amount: amount)]
                let plain = [LeafCharge(limit: 0, amount: amount)]
                let group = naive.anchor(among: sample.inputs) ?? sample.inputs[0]
                let isRoom =
                    naive.admits(plain, group: group, at: now)
                    && naive.admits(
                        paying,
                        among: paying.compactMap(\.script),
                        group: group,
                        at: now
                    )
                let reply = try bench.answer(sample)
                #expect((reply.kind == .signed) == isRoom, "step \(step) of seed \(seed)")
                if isRoom {
                    naive.charge(plain, paying: paying, group: group, outflow: amount, at: now)
                    signed += 1
                } else {
                    #expect(reply.refusal == [2, Int(Refusal.limitExceeded.rawValue)])
                    refused += 1
                }
                bench.clock.pass(seconds: Double.random(in: 0...6, using: &random))
                if step % 20 == 19 { bench = try bench.restarted() }
                try Self.compare(bench, lists)
            }
            #expect(signed > 10 && refused > 10)
        }
    }

    /// The state of a server against one made from the leaves alone.
    private static func compare(_ bench: GateBench, _ lists: DestinationLists) throws {
        var state = LogState(limits: limits, lists: lists, bundleHash: GateBench.bundleHash)
        for leaf in try bench.leaves() { try state.take(leaf.span) }
        let replayed = state.usage(at: bench.clock.now)
        let told = try bench.toldUsage()
        #expect(told.count == limits.count && replayed.count == limits.count)
        for (usage, (amount, count)) in zip(replayed, told) {
            #expect(UInt128(amount) == usage.amount && UInt64(count) == usage.count)
        }
    }

    @Test("A signer whose charge is not what the destinations say ends the service")
    func lyingSigner() throws {
        let bench = try GateBench.serving(
            limits: Self.limits,
            lists: DestinationChargeTests.lists()
        )
        try Self.prepare(bench)
        let posing = bench.signer.posing
        bench.signer.posing = { sample in
            var sample = posing(sample)
            sample.shared = [LeafCharge(limit: 1, amount: 1)]
            return sample
        }
        #expect(throws: GateError.signerFault(.wrongLeaf)) {
            try bench.answer(ResolvedSample(spending: [1], amount: 100))
        }
    }
}
