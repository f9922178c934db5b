import Policy
import TestSupport
import Testing

@Suite("What tightens a policy never allows what that does not")
struct ContainmentTests {
    private func loosening(_ old: SampleBundle, _ new: SampleBundle) throws -> Loosening? {
        let (one, other) = (old.bytes, new.bytes)
        return Containment.loosening(
            from: try CheckedBundle(checking: one.span),
            to: try CheckedBundle(checking: other.span)
        )
    }

    /// A limit by its name and the name of what it is of.
    private func name(_ limit: SampleBundle.Limit, _ sample: SampleBundle) -> String {
        let scope =
            switch limit.scope {
            case 2, 18: sample.rules[Int(limit.index)].name
            case 3, 4: sample.lists[Int(limit.index)]
            default: "\(limit.index)"
            }
        return "\(limit.scope) \(scope) \(limit.name)"
    }

    /// What was signed under one policy, as another counts it.
    private func gate(_ history: NaiveGate, under other: SampleBundle) -> NaiveGate {
        var places: [String: Int] = [:]
        for (place, limit) in other.limits.enumerated() { places[name(limit, other)] = place }
        var gate = NaiveGate(other)
        gate.groupCount = history.groupCount
        gate.signed = history.signed.map { entry in
            var moved = entry
            moved.charges = entry.charges.compactMap { charge in
                let known = name(history.sample.limits[charge.key.limit], history.sample)
                guard let place = places[known] else { return nil }
                let key = Judged.Key(limit: place, script: charge.key.script)
                return Judged.Charge(key: key, amount: charge.amount)
            }
            return moved
        }
        return gate
    }

    /// The first of some requests, each at the state that the ones before led to under the old
    /// policy, that the new one lets through and the old one does not.
    private func counterexample(
        _ old: SampleBundle,
        _ new: SampleBundle,
        _ samples: inout FlawSamples
    ) throws -> Asked? {
        let (one, other) = (old.bytes, new.bytes)
        let before = try CheckedBundle(checking: one.span)
        let after = try CheckedBundle(checking: other.span)
        let shapes = BoundAttack.shapes(old) + BoundAttack.shapes(new)
        var history = NaiveGate(old)
        var time = 0
        for _ in 0..<60 {
            let asked = samples.asked(old, shapes)
            time += samples.dice.below(2)
            func admits(_ judged: Judged, _ gate: NaiveGate) -> Bool {
                asked.outflow <= gate.allowanceLeft
                    && judged.candidates.contains { candidate in
                        gate.admits(
                            candidate.charges,
                            outflow: asked.outflow,
                            group: gate.groupCount,
                            at: time
                        )
                    }
            }
            let judged = Judged(asked, old, before)
            if admits(Judged(asked, new, after), gate(history, under: new)),
                !admits(judged, history)
            {
                return asked
            }
            _ = history.sign(asked, judged, group: nil, at: time)
        }
        return nil
    }

    @Test("Over random changes of random policies, and many that loosen are caught at it")
    func property() throws {
        var samples = FlawSamples(dice: Dice(seed: 5))
        var mutations = Mutations(dice: Dice(seed: 6))
        var (tighter, looser, caught) = (0, 0, 0)
        for _ in 0..<600 {
            let old = samples.policy()
            let new = mutations.changed(old)
            let loosening = try loosening(old, new)
            let found = try counterexample(old, new, &samples)
            if loosening == nil {
                tighter += 1
                try #require(found == nil, "\(old) \(new) \(String(describing: found))")
            } else {
                looser += 1
                caught += found == nil ? 0 : 1
            }
        }
        print("changes: \(tighter) tighten, \(looser) not; of these \(caught) were seen to loosen")
        #expect(tighter > 100 && looser > 100 && caught > 30)
    }

    @Test("A policy tightens itself; each single loosening is found and named")
    func single() throws {
        var old = SampleBundle()
        old.lists = ["a", "b"]
        old.destinations = BoundSamples.listed.prefix(2).map { .init(script: $0, lists: 3) }
        old.rules = [.init("pay", lists: 1), .init("no", effect: 2, lists: 2), .init("any")]
        old.limits = [
            .init("all"), .init("own", scope: 2, index: 2), .init("a", scope: 3, index: 0),
        ]
        #expect(try loosening(old, old) == nil)
        func changed(_ change: (inout SampleBundle) -> Void) throws -> Loosening? {
            var new = old
            change(&new)
            return try loosening(old, new)
        }
        #expect(try changed { $0.allowance += 1 } == .allowance)
        #expect(try changed { $0.allowance -= 1 } == nil)
        #expect(try changed { $0.adminKeys[0] = SampleBundle.adminKey(Array(0..<32)) } == .admins)
        #expect(try changed { $0.wallets[1].indexMax = 5 } == .wallet(1))
        #expect(try changed { $0.wallets.removeLast() } == .wallet(1))
        #expect(try changed { $0.rules[0].outflow = 5 } == nil)
        #expect(try changed { $0.rules[0].lists = 3 } == .rule(0))
        #expect(try changed { $0.rules.append(.init("new")) } == .rule(3))
        #expect(try changed { $0.rules[1].lists = 1 } == .denial(1))
        #expect(try changed { $0.rules[1].lists = 3 } == nil)
        #expect(try changed { $0.rules[1].name = "other" } == .denial(1))
        #expect(try changed { $0.limits[0].amount += 1 } == .limit(0))
        #expect(try changed { $0.limits[0].window -= 1 } == .limit(0))
        #expect(try changed { $0.limits[1].count += 1 } == .limit(1))
        #expect(try changed { $0.limits.remove(at: 2) } == .limit(2))
        #expect(try changed { $0.limits[2].amount -= 1 } == nil)
        // The list that a rule pays may shrink, unless a limit is of it; a denied one may grow.
        #expect(try changed { $0.destinations[0].lists = 2 } == .limit(2))
        #expect(try changed { $0.destinations[0].lists = 1 } == .denial(1))
        var more = SampleBundle.Destination(script: BoundSamples.listed[2], lists: 2)
        #expect(try changed { $0.destinations.append(more) } == nil)
        more.lists = 1
        #expect(try changed { $0.destinations.append(more) } == .rule(0))
        #expect(try changed { $0.extend(zones: [.utc]) } == nil)
        // A rule that is gone takes its limits along; moved before another it is not found.
        #expect(try changed { $0 = $0.without(rules: [2]) } == nil)
        #expect(try changed { $0 = $0.without(rules: [1]) } == .denial(1))
    }

    @Test("Times are compared minute by minute in one zone, requesters one by one")
    func asking() throws {
        func policy(_ condition: SampleCondition, _ zones: [SampleZone] = [.utc]) -> SampleBundle {
            var sample = SampleBundle()
            sample.extend(zones: zones)
            sample.rules = [.conditions("r", [.range(1, 0, 9), .range(2, 0, 9), condition])]
            return sample
        }
        let wide = policy(.times(0, [.init(31, 0, 599), .init(31, 600, 1_000), .init(64, 5, 9)]))
        let within: [[SampleCondition.Span]] = [
            [.init(31, 0, 1_000)], [.init(1, 599, 600)], [.init(64, 5, 9)], [.init(65, 5, 9)],
        ]
        for spans in within { #expect(try loosening(wide, policy(.times(0, spans))) == nil) }
        let beyond: [[SampleCondition.Span]] = [
            [.init(31, 0, 1_001)], [.init(32, 0, 1)], [.init(64, 4, 9)], [.init(127, 5, 9)],
        ]
        for spans in beyond {
            #expect(try loosening(wide, policy(.times(0, spans))) == .rule(0))
        }
        let berlin = policy(.times(0, [.init(31, 0, 599)]), [.berlin])
        #expect(try loosening(wide, berlin) == .rule(0), "of another zone nothing is known")
        let asking = policy(.requesters([7, 9]))
        #expect(try loosening(asking, policy(.requesters([9]))) == nil)
        #expect(try loosening(asking, policy(.requesters([8, 9]))) == .rule(0))
        #expect(try loosening(asking, wide) == .rule(0))
    }
}
