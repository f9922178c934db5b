import Policy
import TestSupport

/// Tries to get more signed within `seconds` than a policy should let out, with the real evaluator
/// and the naive gate.
struct BoundAttack {
    static let seconds = 10
    let sample: SampleBundle
    private let shapes: [Asked]
    private var dice: Dice
    private var cache: [Asked: Judged] = [:]

    init(_ sample: SampleBundle, seed: UInt64) {
        self.sample = sample
        dice = Dice(seed: seed)
        shapes = Self.shapes(sample)
    }

    /// The largest sum that any of some tries reached.
    mutating func best(tries: Int, under bundle: CheckedBundle) -> UInt64 {
        var best: UInt64 = 0
        for attempt in 0..<tries { best = max(best, run(isGreedy: attempt % 2 == 0, bundle)) }
        return best
    }

    private mutating func run(isGreedy: Bool, _ bundle: CheckedBundle) -> UInt64 {
        var gate = NaiveGate(sample)
        if !isGreedy {
            // What was signed before counts against limits, and may be replaced.
            for time in [-20, -7, -2, -1] where dice.chance(1, of: 2) {
                step(&gate, isGreedy: false, at: time, bundle)
            }
        }
        for time in 0..<Self.seconds where isGreedy || dice.chance(2, of: 3) {
            for _ in 0..<6 where !step(&gate, isGreedy: isGreedy, at: time, bundle) { break }
        }
        return gate.confirmed(from: 0)
    }

    /// Signs one payment; whether one was admitted that takes something.
    @discardableResult
    private mutating func step(
        _ gate: inout NaiveGate,
        isGreedy: Bool,
        at time: Int,
        _ bundle: CheckedBundle
    ) -> Bool {
        var order = shapes
        dice.shuffle(&order)
        var options: [Asked] = []
        for shape in order.prefix(isGreedy ? 10 : 4) { options += sizes(shape, gate, at: time) }
        if isGreedy { options.sort { $0.outflow > $1.outflow } } else { dice.shuffle(&options) }
        for asked in options where asked.outflow > 0 {
            let judged = judged(asked, bundle)
            guard !judged.candidates.isEmpty else { continue }
            let joins = !isGreedy && gate.groupCount > 0 && dice.chance(1, of: 4)
            // A group is of one wallet, for it spends one coin.
            let ofWallet = gate.signed.filter { $0.wallet == asked.wallet }.map(\.group)
            let group = joins && !ofWallet.isEmpty ? dice.pick(ofWallet) : nil
            if gate.sign(asked, judged, group: group, at: time) { return true }
        }
        return false
    }

    private mutating func judged(_ asked: Asked, _ bundle: CheckedBundle) -> Judged {
        if let known = cache[asked] { return known }
        let judged = Judged(asked, sample, bundle)
        cache[asked] = judged
        return judged
    }

    /// A payment of a shape that fills what some limit has left, or what some rule permits.
    private mutating func sizes(_ shape: Asked, _ gate: NaiveGate, at time: Int) -> [Asked] {
        var targets: Set<UInt64> = [gate.allowanceLeft, 1]
        for limit in sample.limits.indices where sample.limits[limit].scope < 16 {
            let scripts = sample.limits[limit].scope == 4 ? shape.outputs.map(\.script) : [[]]
            for script in scripts {
                targets.insert(gate.room(Judged.Key(limit: limit, script: script), at: time))
            }
        }
        let count = UInt64(shape.outputs.count)
        var sized: [Asked] = [shape]
        for target in targets where target < 10_000 {
            var asked = shape
            if count == 0 || shape.sighash != 0 {
                asked.fee = min(shape.fee, target)
                sized.append(asked)
                continue
            }
            for fee in [0, shape.fee] where fee <= target {
                for amount in [(target - fee) / count, target / count] {
                    for place in asked.outputs.indices {
                        let most = shape.outputs[place].amount
                        asked.outputs[place].amount = min(most, amount)
                    }
                    // What division left over.
                    let rest = target > fee + asked.paid ? target - fee - asked.paid : 0
                    asked.outputs[0].amount = min(
                        shape.outputs[0].amount,
                        asked.outputs[0].amount + rest
                    )
                    asked.fee = fee
                    sized.append(asked)
                }
            }
        }
        return sized
    }

    /// Payments at the corners of what the rules say.
    static func shapes(_ sample: SampleBundle) -> [Asked] {
        var shapes: [Asked] = []
        var seen: Set<Asked> = []
        let corners = Corners(sample)
        let scripts = sample.destinations.map(\.script)
        var paid: [[[UInt8]]] = [[], [BoundSamples.stranger]] + scripts.map { [$0] }
        paid.append(scripts)
        paid.append([BoundSamples.stranger, BoundSamples.stranger, BoundSamples.stranger])
        for script in scripts { paid.append([script, script, script]) }
        for wallet in sample.wallets.indices {
            for fee in corners.fees {
                for amount in corners.amounts {
                    for payees in paid {
                        // Something has to come out.
                        for own in payees.isEmpty ? [1_000_000] : [0, 1_000_000] as [UInt64] {
                            var asked = Asked(wallet: wallet, fee: fee, own: own)
                            asked.outputs = payees.map { .init(script: $0, amount: amount) }
                            if seen.insert(asked).inserted { shapes.append(asked) }
                        }
                    }
                }
            }
            for sighash in corners.sighashes {
                for fee in corners.fees + corners.amounts {
                    var asked = Asked(wallet: wallet, fee: fee, sighash: sighash)
                    asked.outputs = [.init(script: scripts.first ?? [0x51], amount: 1)]
                    if seen.insert(asked).inserted { shapes.append(asked) }
                }
            }
        }
        return shapes
    }
}

/// The numbers that rules of a policy turn on.
private struct Corners {
    private(set) var fees: [UInt64] = [0]
    private(set) var amounts: [UInt64] = [1]
    private(set) var sighashes: [UInt8] = []

    init(_ sample: SampleBundle) {
        var fees: Set<UInt64> = [0, 1]
        var amounts: Set<UInt64> = [1]
        for rule in sample.rules {
            var (outflow, fee, largest) = (rule.outflow, rule.fee, UInt64.max)
            if rule.effect == 3 { sighashes += [1, 4, 16].filter { rule.sighashes & $0 != 0 } }
            for condition in rule.conditions {
                switch condition {
                case .range(1, _, let most): outflow = most
                case .range(2, _, let most): fee = most
                case .range(4, _, let most): largest = most
                case .sighashes(let mask): sighashes += [1, 4, 16].filter { mask & $0 != 0 }
                default: break
                }
                if rule.effect == 6, case .range(let fact, let least, _) = condition {
                    if fact == 2 { fees.insert(least - 1) } else { amounts.insert(least - 1) }
                }
            }
            let cap = min(outflow, sample.allowance)
            fees.insert(min(fee, cap))
            amounts.formUnion([cap, cap - min(cap, fee), largest].filter { $0 <= 10_000 })
        }
        self.fees = fees.sorted()
        self.amounts = amounts.sorted()
    }
}
