import Policy
import TestSupport
import Testing

@Suite("What others can make of a payment counts")
struct OpenFactTests {
    private func lock(
        _ time: UInt32,
        version: UInt32 = 2,
        sighashes: UInt8 = 0,
        _ all: [UInt32]
    ) -> [UInt8] {
        var facts = Facts(wallet: 0, outflow: 9, fee: 1, virtualSize: 1, sighashes: sighashes)
        var sequences = Sequences()
        for sequence in all { sequences.add(sequence) }
        facts.lock(time: time, version: version, sequences)
        return [facts.lockTimes, facts.replaceable]
    }

    @Test("A sequence locks by BIP-68 from version 2 on, if bit 31 is clear and it is not 0")
    func relativeLocks() {
        let cases: [(UInt32, isLock: Bool, isSignal: Bool)] = [
            (0, false, true), (1, true, true), (0xffff, true, true), (0x1_0000, false, true),
            (0x40_0000, false, true), (0x40_0001, true, true), (0x7fff_ffff, true, true),
            (0x8000_0001, false, true), (0xffff_fffd, false, true), (0xffff_fffe, false, false),
            (.max, false, false),
        ]
        for (sequence, isLock, isSignal) in cases {
            let relative: UInt8 = isLock ? 8 : 0
            let signal: UInt8 = isSignal ? 2 : 1
            #expect(lock(0, [.max, sequence]) == [isLock ? 8 : 1, signal], "\(sequence)")
            #expect(lock(0, version: 1, [sequence]) == [1, signal], "\(sequence)")
            guard sequence != .max else { continue }
            #expect(lock(499_999_999, [sequence]) == [2 | relative, signal])
            #expect(lock(500_000_000, [sequence]) == [4 | relative, signal])
        }
    }

    @Test("With ANYONECANPAY an input of others may lock, make the lock time count, or signal")
    func othersMayLock() {
        for type in [4, 8, 16] as [UInt8] {
            #expect(lock(0, sighashes: type, [.max]) == [9, 3])
            #expect(lock(0, version: 1, sighashes: type, [.max]) == [1, 3])
            #expect(lock(7, sighashes: type, [.max]) == [11, 3])
            #expect(lock(7, sighashes: type, [0xffff_fffe]) == [10, 3])
            #expect(lock(500_000_000, sighashes: type, [5]) == [12, 2])
        }
        // The control: NONE and SINGLE leave the inputs as they are.
        for type in [1, 2] as [UInt8] { #expect(lock(7, sighashes: type, [.max]) == [1, 1]) }
    }

    @Test("With ANYONECANPAY others may raise the fee: a rule that denies from a fee on matches")
    func othersMayPayMore() throws {
        let caps: [SampleCondition] = [
            .range(1, 0, .max), .range(2, 0, 99), .range(3, 0, 99_999), .sighashes(31),
        ]
        for (fact, bound) in [(2, 100), (3, 100_000)] as [(UInt8, UInt64)] {
            for type in [0, 1, 2, 4, 8, 16] as [UInt8] {
                var sample = conditionSample()
                sample.limits = []
                sample.rules = [
                    .conditions("dear", effect: 6, [.range(fact, bound, .max)]),
                    .conditions("any", caps),
                ]
                let payment = Payment(fee: 9, virtualSize: 100, sighashes: type)
                let found = try answer(of: sample, to: payment).finding
                #expect((found?.refusal == .deniedByRule) == (type >= 4), "\(fact) \(type)")
                // What they put in is not ours: no cap of a rule that allows is about it.
                sample.rules.removeFirst()
                #expect(try answer(of: sample, to: payment).allowed)
            }
        }
    }

    @Test("Facts of which not all was said are asked nothing")
    func halfFilled() async {
        await #expect(processExitsWith: .failure) {
            _ = try verdict { _ in }
        }
        await #expect(processExitsWith: .failure) {
            _ = try verdict { $0.pay(5, lists: 1, output: 0) }
        }
        await #expect(processExitsWith: .failure) {
            _ = try verdict {
                $0.count(inputs: 1, outputs: 0, ownAmount: 0, outputAmount: 0)
                $0.pay(5, lists: 1, output: 0)
            }
        }
        // The control.
        await #expect(processExitsWith: .success) {
            _ = try verdict {
                $0.pay(5, lists: 1, output: 0)
                $0.count(inputs: 1, outputs: 1, ownAmount: 0, outputAmount: 5)
            }
        }
    }
}

private func verdict(_ say: (inout Facts) -> Void) throws -> PolicyVerdict {
    let bytes = conditionSample().bytes
    let bundle = try CheckedBundle(checking: bytes.span)
    var facts = Facts(wallet: 0, outflow: 9, fee: 1, virtualSize: 100)
    say(&facts)
    return bundle.verdict(on: facts)
}
