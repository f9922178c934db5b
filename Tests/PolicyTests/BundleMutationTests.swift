import Policy
import TestSupport
import Testing

@Suite("Spoiled bytes never trap")
struct BundleMutationTests {
    /// Whether the bytes are refused, or are a bundle that is written again as it was.
    private func isHandled(_ bytes: [UInt8]) throws -> Bool {
        guard fault(of: bytes) == nil else { return false }
        #expect(try rewritten(bytes) == bytes)
        _ = try answerAll(bytes)
        return true
    }

    private func answerAll(_ bytes: [UInt8]) throws -> PolicyVerdict {
        let bundle = try CheckedBundle(checking: bytes.span)
        var facts = Facts(wallet: 0, outflow: 10, fee: 1, virtualSize: 100)
        for index in 0..<bundle.destinationCount {
            let script = bundle.destinationScript(at: index)
            facts.pay(1, to: script, output: UInt32(index), under: bundle)
        }
        let data: [UInt8] = [0x6a, 2, 1, 2]
        facts.pay(0, to: data.span, output: 99, under: bundle)
        facts.count(inputs: 1, outputs: 7, ownAmount: 5, outputAmount: 10)
        facts.lock(time: 1, version: 2, Sequences())
        facts.replace(true)
        facts.ask(Asking(requester: 7, seconds: 1_800_000_000, under: bundle))
        var recorder = Recorder()
        return bundle.evaluate(facts, into: &recorder)
    }

    @Test(
        "Every bit flipped: refused, or a bundle that is written again byte for byte",
        arguments: [false, true]
    )
    func everyBit(hasConditions: Bool) throws {
        let original = (hasConditions ? conditionSample() : fullSample()).bytes
        var taken = 0
        for index in original.indices {
            for bit in 0..<8 {
                var bytes = original
                bytes[index] ^= 1 << UInt8(bit)
                if try isHandled(bytes) { taken += 1 }
            }
        }
        #expect(taken > 100, "amounts, scripts and names may change: \(taken)")
        #expect(taken < original.count * 7, "structure may not: \(taken)")
    }

    @Test(
        "10,000 bundles with bytes replaced, cut out, doubled or swapped",
        arguments: [false, true]
    )
    func random(hasConditions: Bool) throws {
        var dice = Dice(seed: 5)
        let original = (hasConditions ? conditionSample() : fullSample()).bytes
        for _ in 0..<10_000 {
            var bytes = original
            for _ in 0...dice.below(3) {
                let index = dice.below(bytes.count)
                switch dice.below(5) {
                case 0: bytes[index] = UInt8(truncatingIfNeeded: dice.next())
                case 1: bytes[index] = dice.pick([0, 1, 0x7F, 0x80, 0xFF])
                case 2: bytes.remove(at: index)
                case 3: bytes.insert(bytes[index], at: index)
                default: bytes.swapAt(index, dice.below(bytes.count))
                }
            }
            _ = try isHandled(bytes)
        }
    }

    @Test(
        "Counts that promise more than there is are refused",
        arguments: [UInt8](arrayLiteral: 0x10, 0x40, 0xFF)
    )
    func hugeCounts(byte: UInt8) {
        let original = conditionSample().bytes
        for index in original.indices.dropLast(3) {
            var bytes = original
            for place in index..<(index + 4) { bytes[place] = byte }
            _ = fault(of: bytes)
        }
    }
}
