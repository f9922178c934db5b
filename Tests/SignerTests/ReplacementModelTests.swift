import Signer
import TestSupport
import Testing
import Wire

/// The rules of protocol.md, section 3, Replacements, by dictionaries and trial, without a thought
/// for order of work or memory.
private struct NaiveReplacement {
    let old: TestRequest
    let new: TestRequest

    /// What is refused first; nothing if all holds.
    var refusal: Refusal? {
        if !isSameForm { return .replacementLockTime }
        if (old.inputs + new.inputs).contains(where: { $0.sighash > 1 }) {
            return .replacementSighash
        }
        if !keepsInputs { return .replacementInput }
        if !canMatch(new.outputs[...], old.outputs[...]) { return .replacementOutput }
        return fee(new) > fee(old) && outflow(new) >= outflow(old) ? nil : .replacementFee
    }

    private var isSameForm: Bool {
        func parts(_ request: TestRequest) -> [UInt32] {
            let finals = Set(request.inputs.map(\.sequence)) == [.max]
            let isLocked = request.lockTime > 0 && !finals
            return [
                UInt32(request.network), request.transactionVersion, request.lockTime,
                isLocked ? 1 : 0,
            ]
        }
        return parts(old) == parts(new)
    }

    /// The places at which the old inputs stand among the new ones must rise.
    private var keepsInputs: Bool {
        func key(_ input: TestRequest.Input, _ wallets: [[UInt8]]) -> [UInt8] {
            var input = input
            let id = wallets[Int(input.wallet)]
            (input.wallet, input.sighash) = (0, 0)
            return input.encoded + id
        }
        var places: [[UInt8]: Int] = [:]
        for (place, input) in new.inputs.enumerated() { places[key(input, new.wallets)] = place }
        let found = old.inputs.map { places[key($0, old.wallets)] ?? -1 }
        return !found.contains(-1) && zip(found, found.dropFirst()).allSatisfy { $0 < $1 }
    }

    /// Whether there is any way at all to pair the outputs off.
    private func canMatch(
        _ outputs: ArraySlice<TestRequest.Output>,
        _ olds: ArraySlice<TestRequest.Output>
    ) -> Bool {
        guard let old = olds.first else { return outputs.isEmpty }
        if old.owner != nil, canMatch(outputs, olds.dropFirst()) { return true }
        guard let output = outputs.first, output.script == old.script,
            owner(output, new) == owner(old, self.old),
            output.owner != nil || output.amount <= old.amount
        else { return false }
        return canMatch(outputs.dropFirst(), olds.dropFirst())
    }

    private func owner(_ output: TestRequest.Output, _ request: TestRequest) -> [UInt8]? {
        output.owner.map { request.wallets[Int($0.0)] + [$0.1] + little($0.2) }
    }

    func fee(_ request: TestRequest) -> UInt64 {
        sum(request) - request.outputs.reduce(0) { $0 + $1.amount }
    }

    func outflow(_ request: TestRequest) -> UInt64 {
        sum(request) - request.outputs.reduce(0) { $0 + ($1.owner == nil ? 0 : $1.amount) }
    }

    private func sum(_ request: TestRequest) -> UInt64 {
        request.inputs.reduce(0) { $0 + $1.amount }
    }
}

@Suite("Replacements against a naive model")
struct ReplacementModelTests {
    private static func script(_ number: Int) -> [UInt8] {
        [0, 20] + [UInt8](repeating: UInt8(number), count: 20)
    }

    private static func output(_ dice: inout Dice) -> TestRequest.Output {
        // Few scripts, so that many are there twice.
        let number = dice.below(4)
        return .init(
            amount: UInt64(dice.below(4) * 1_000),
            script: script(number),
            owner: number < 2 ? (0, 1, UInt32(number)) : nil
        )
    }

    private static func input(_ dice: inout Dice) -> TestRequest.Input {
        .init(
            txid: [UInt8](repeating: UInt8(dice.below(256)), count: 32),
            vout: UInt32(dice.below(1_000)),
            sequence: dice.chance(1, of: 3) ? .max : .max - 2,
            amount: 20_000,
            index: UInt32(dice.below(3)),
            sighash: 1
        )
    }

    private static func payment(_ dice: inout Dice) -> TestRequest {
        var request = TestRequest(wallet: TestRequest.walletIDs[0])
        request.lockTime = UInt32(dice.below(2))
        for _ in 0...dice.below(4) { request.inputs.append(input(&dice)) }
        for _ in 0...dice.below(5) { request.outputs.append(output(&dice)) }
        return request
    }

    /// One change, good or bad.
    private static func change(_ request: inout TestRequest, _ dice: inout Dice) {
        let (input, output) = (dice.below(request.inputs.count), dice.below(request.outputs.count))
        switch dice.below(16) {
        case 0: request.lockTime ^= 1
        case 1: request.transactionVersion ^= 3
        case 2: request.inputs[input].sequence ^= 2
        case 3: request.inputs[input].sighash = 2
        case 4: if request.inputs.count > 1 { request.inputs.remove(at: input) }
        case 5, 6, 7: request.inputs.insert(Self.input(&dice), at: input)
        case 8: request.inputs.swapAt(input, dice.below(request.inputs.count))
        case 9: request.inputs[input].index ^= 1
        case 10: if request.outputs.count > 1 { request.outputs.remove(at: output) }
        case 11: request.outputs.insert(Self.output(&dice), at: output)
        case 12: request.outputs.swapAt(output, dice.below(request.outputs.count))
        case 13: request.outputs[output].amount += UInt64(dice.below(3))
        default:
            let amount = request.outputs[output].amount
            request.outputs[output].amount = amount - UInt64(dice.below(Int(amount) + 1))
        }
    }

    @Test("Forty thousand random pairs have the model's verdict, each of them many times")
    func pairs() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var dice = Dice(seed: seed)
        var seen: [Refusal?: Int] = [:]
        for round in 0..<40_000 {
            let old = Self.payment(&dice)
            var new = old
            for _ in 0..<dice.below(4) { Self.change(&new, &dice) }
            let model = NaiveReplacement(old: old, new: new)
            let found = ReplacementRuleTests.check(new, old)
            seen[model.refusal, default: 0] += 1
            switch found {
            case .success(let outflow):
                try #require(model.refusal == nil, "seed \(seed), round \(round)")
                try #require(outflow == model.outflow(old))
                // What the whole rests on: the difference is never negative, and the fee rises.
                try #require(model.outflow(new) >= outflow && model.fee(new) > model.fee(old))
            case .failure(let detail):
                let name = Refusal(rawValue: detail.code)
                try #require(model.refusal == name, "seed \(seed), round \(round)")
            }
        }
        print("replacements: seed \(seed), \(seen[nil] ?? 0) of 40000 pairs permitted")
        let names: [Refusal?] = [
            nil, .replacementLockTime, .replacementSighash, .replacementInput,
            .replacementOutput, .replacementFee,
        ]
        for name in names { #expect(seen[name, default: 0] > 200, "\(String(describing: name))") }
    }

    @Test("Over a random tree of replacements the sum of charges is never below what can leave")
    func telescopes() throws {
        let (_, signer, log) = try ReplacementTests.ready(allowance: 1_000_000_000)
        var dice = Dice(seed: 20)
        let first = try TestRequest(signer)
        var tree = [first]
        var most: UInt64 = 60_000
        var spent = try ReplacementTests.release(first, signer, log)
        for place in 0..<60 {
            let old = dice.pick(tree)
            var new = old
            if dice.chance(1, of: 4) {
                let more = try TestRequest(signer, count: 1, salt: UInt8(place + 1))
                new.inputs.insert(more.inputs[0], at: dice.below(new.inputs.count + 1))
                new.parents.append(more.parents[0])
                new.outputs[1].amount += UInt64(dice.below(100_000))
            } else {
                new.outputs[1].amount -= UInt64(1 + dice.below(500))
            }
            spent += try ReplacementTests.release(new.replacing(old), signer, log)
            tree.append(new.replacing(old))
            let sum = new.inputs.reduce(0) { $0 + $1.amount }
            most = max(most, sum - new.outputs[1].amount)
            #expect(spent >= most && signer.record.allowanceSpent == spent)
        }
        #expect(spent > most)
    }
}
