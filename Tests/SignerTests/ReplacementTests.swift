import BitcoinCrypto
import Bytes
import Signer
import TestSupport
import Testing
import Wire

@Suite("Replacements: what they are charged, and what may be replaced")
struct ReplacementTests {
    /// A signer of so much allowance, and its log.
    static func ready(allowance: UInt64 = 10_000_000) throws -> (TestHome, TestSigner, TestLog) {
        var bundle = SampleBundle.bothWallets
        bundle.allowance = allowance
        let home = try TestHome(bundle)
        let (signer, log) = try home.ready()
        return (home, signer, log)
    }

    /// The same payment with so much more for the fee, taken from the change.
    static func bump(_ old: TestRequest, by fee: UInt64) -> TestRequest {
        var request = old
        request.outputs[1].amount -= fee
        return request.replacing(old)
    }

    /// Assesses, charges and releases, and gives what it cost of the allowance.
    static func release(
        _ request: TestRequest,
        _ signer: TestSigner,
        _ log: TestLog
    ) throws -> UInt64 {
        let before = signer.record.allowanceSpent
        let answer = try signer.assess(request)
        try #require(answer.verdict == .allow, "\(String(describing: answer.name))")
        log.charge(answer.leaf)
        let released = try signer.ask(.release, try log.release([(request, 0)]))
        try #require(released.kind == .released, "\(String(describing: released.name))")
        log.commit()
        return signer.record.allowanceSpent - before
    }

    /// Releases 112 payments of 20,000, so that the ring forgets all before.
    static func turn(_ signer: TestSigner, _ log: TestLog, salt: UInt8 = 100) throws {
        for half in 0..<2 {
            var batch: [(TestRequest, UInt16)] = []
            for place in 0..<56 {
                var request = try TestRequest(signer, count: 1, salt: salt &+ UInt8(half))
                request.outputs[0].amount = 10_000 + UInt64(place)
                request.outputs[1].amount = 80_000 - UInt64(place)
                log.charge(try signer.assess(request, slot: UInt16(place + 8)).leaf)
                batch.append((request, UInt16(place + 8)))
            }
            let released = try signer.ask(.release, try log.release(batch))
            #expect(released.kind == .released)
            log.commit()
        }
    }

    @Test("A replacement is charged what it takes more, and nothing when it is asked for again")
    func difference() throws {
        for wallet in 0..<2 {
            let (_, signer, log) = try Self.ready()
            let first = try TestRequest(signer, wallet: wallet)
            #expect(try Self.release(first, signer, log) == 60_000)
            let second = Self.bump(first, by: 5_000)
            #expect(try Self.release(second, signer, log) == 5_000)
            #expect(try Self.release(second, signer, log) == 0)
            #expect(try Self.release(first, signer, log) == 0)
            // The same transaction without the claim is another request, charged in full.
            var plain = second
            (plain.replaces, plain.replacedDigest, plain.replaced) = (0, [], nil)
            #expect(try Self.release(plain, signer, log) == 65_000)
        }
    }

    @Test("The leaf names what is replaced, and what left with it")
    func leaf() throws {
        let (_, signer, log) = try Self.ready()
        let first = try TestRequest(signer)
        _ = try Self.release(first, signer, log)
        let second = Self.bump(first, by: 5_000)
        let bytes = try signer.assess(second).leaf
        let leaf = try DecisionLeaf(reading: bytes.span)
        let (replaced, outflow) = (leaf.replaced, leaf.facts?.outflow)
        #expect(replaced?.digest.span.array == second.replacedDigest)
        #expect(replaced?.outflow == 60_000 && outflow == 65_000)
        let plain = try signer.assess(first).leaf
        let none = try DecisionLeaf(reading: plain.span).replaced
        #expect(none == nil)
    }

    @Test("A chain costs what its last takes, and two replacements of one each what they add")
    func trees() throws {
        let (_, signer, log) = try Self.ready()
        let first = try TestRequest(signer)
        #expect(try Self.release(first, signer, log) == 60_000)
        let second = Self.bump(first, by: 5_000)
        #expect(try Self.release(second, signer, log) == 5_000)
        let third = Self.bump(second, by: 7_000)
        #expect(try Self.release(third, signer, log) == 7_000)
        #expect(signer.record.allowanceSpent == 72_000)
        let other = Self.bump(first, by: 6_000)
        #expect(try Self.release(other, signer, log) == 6_000)
        // With another coin, all of which is added to what leaves.
        let more = try TestRequest(signer, salt: 9)
        var wider = Self.bump(second, by: 1)
        wider.inputs.insert(more.inputs[1], at: 1)
        wider.parents.append(more.parents[1])
        #expect(try Self.release(wider, signer, log) == 100_001)
    }

    @Test("After a restart a replacement is still charged the difference")
    func restart() throws {
        let (home, signer, log) = try Self.ready()
        let first = try TestRequest(signer)
        _ = try Self.release(first, signer, log)
        let later = try home.unlockWhileHeld()
        try later.resume(log)
        let second = Self.bump(first, by: 5_000)
        #expect(try Self.release(second, later, log) == 5_000)
    }

    @Test("What takes more than the allowance has left is refused, by what it takes more alone")
    func allowance() throws {
        let (_, signer, log) = try Self.ready(allowance: 65_000)
        let first = try TestRequest(signer)
        _ = try Self.release(first, signer, log)
        let over = Self.bump(first, by: 5_001)
        log.charge(try signer.assess(over).leaf)
        let before = signer.record
        let refused = try signer.ask(.release, try log.release([(over, 0)]))
        #expect(refused.name == .allowanceExceeded && signer.record == before)
        log.forget()
        #expect(try Self.release(Self.bump(first, by: 5_000), signer, log) == 5_000)
    }

    @Test("What was never released is not replaced, whatever the log shows of it")
    func neverReleased() throws {
        let (_, signer, log) = try Self.ready()
        let first = try TestRequest(signer)
        let second = Self.bump(first, by: 5_000)
        #expect(try signer.assess(second, slot: 1).name == .replacedNotRecent)
        // A stolen gate shows the decision and a charge for it, and never releases it.
        log.charge(try signer.assess(first).leaf)
        try signer.ask(.advance, log.advancePayload()).expect(.advanced)
        log.commit()
        #expect(try signer.assess(second, slot: 1).name == .replacedNotRecent)
        #expect(signer.record.allowanceSpent == 0)
        // The negative control: released, it is.
        #expect(try Self.release(first, signer, log) == 60_000)
        #expect(try Self.release(second, signer, log) == 5_000)
    }

    @Test("What the ring has forgotten is not replaced, and its replacement is charged in full")
    func forgotten() throws {
        let (_, signer, log) = try Self.ready()
        let first = try TestRequest(signer)
        _ = try Self.release(first, signer, log)
        let second = Self.bump(first, by: 5_000)
        log.charge(try signer.assess(second).leaf)
        let place = log.leaves.count - 2
        try signer.ask(.advance, log.advancePayload()).expect(.advanced)
        log.commit()
        try Self.turn(signer, log)
        #expect(try signer.assess(second, slot: 1).name == .replacedNotRecent)
        // It was assessed when the first was still there; its slot waited.
        var spent = signer.record.allowanceSpent
        let late = log.retry(second, slot: 0, index: place)
        #expect(try signer.ask(.release, late).kind == .released)
        #expect(signer.record.allowanceSpent == spent + 65_000)
        // Itself remembered, it needs the first no more.
        spent = signer.record.allowanceSpent
        #expect(try Self.release(second, signer, log) == 0)
        // A third that replaces it is charged what it adds.
        #expect(try Self.release(Self.bump(second, by: 1), signer, log) == 1)
    }

    @Test("A first that is charged again in the same release counts for its replacement there")
    func sameRelease() throws {
        for isFirstFirst in [true, false] {
            let (_, signer, log) = try Self.ready()
            let first = try TestRequest(signer)
            _ = try Self.release(first, signer, log)
            let second = Self.bump(first, by: 5_000)
            let decision = try signer.assess(second, slot: 1)
            try Self.turn(signer, log)
            let spent = signer.record.allowanceSpent
            let again = try signer.assess(first, slot: 0)
            let pairs = [(first, UInt16(0), again), (second, 1, decision)]
            let ordered = isFirstFirst ? pairs : pairs.reversed()
            for pair in ordered { log.charge(pair.2.leaf) }
            let frame = try log.release(ordered.map { ($0.0, $0.1) })
            #expect(try signer.ask(.release, frame).kind == .released)
            // Never less than the larger, however they are ordered.
            let expected: UInt64 = isFirstFirst ? 65_000 : 125_000
            #expect(signer.record.allowanceSpent - spent == expected)
        }
    }

    @Test("Other bytes than those that were signed, or none, are refused by name")
    func mismatch() throws {
        let (_, signer, log) = try Self.ready()
        let first = try TestRequest(signer)
        _ = try Self.release(first, signer, log)
        let good = Self.bump(first, by: 5_000)
        for place in [0, 3, 40, 100, first.resolved.count - 1] {
            var bad = good
            bad.replaced?[place] ^= 1
            #expect(try signer.assess(bad).name == .replacedMismatch)
        }
        var bad = good
        bad.replaced = []
        #expect(try signer.assess(bad).name == .replacedMismatch)
        bad.replaced = first.resolved + [0]
        #expect(try signer.assess(bad).name == .replacedMismatch)
        bad.replaced = nil
        #expect(try signer.assess(bad).name == .malformedRequest)
        bad.trailing = little(UInt32(first.resolved.count)) + first.resolved.dropLast()
        #expect(try signer.assess(bad).name == .malformedRequest)
        bad.trailing = little(UInt32.max)
        #expect(try signer.assess(bad).name == .malformedRequest)
        bad = good
        bad.trailing = [0]
        #expect(try signer.assess(bad).name == .trailingBytes)
        // Where nothing is replaced nothing may follow.
        var plain = try TestRequest(signer)
        plain.trailing = vector32(first.resolved)
        #expect(try signer.assess(plain).name == .trailingBytes)
        #expect(try Self.release(good, signer, log) == 5_000)
    }

    @Test("A message is not replaced, nor does one replace")
    func messages() throws {
        var bundle = SampleBundle.bothWallets
        bundle.allowance = 1_000_000
        bundle.rules.append(TestMessage.anything)
        let (signer, log) = try TestHome(bundle).ready()
        _ = try signer.sign(TestMessage(), log)
        let message = TestMessage().request
        let payment = try TestRequest(signer)
        #expect(try signer.assess(payment.replacing(message)).name == .replacedNotRecent)
        var claiming = message
        claiming.trailing = vector32(payment.resolved)
        #expect(try signer.assess(claiming).name == .trailingBytes)
    }

    @Test("The host's contribution of a replacement is its own")
    func antiExfil() throws {
        let (_, signer, log) = try Self.ready()
        let first = try TestRequest(signer)
        _ = try Self.release(first, signer, log)
        var second = Self.bump(first, by: 5_000)
        let nonce = [UInt8](repeating: 5, count: 32)
        second.antiExfil = 1
        second.commitment = HostNonce(Bytes32(repeating: 5)).commitment.span.array
        second.hostNonce = nonce
        #expect(try Self.release(second, signer, log) == 5_000)
        // And one that replaces it in turn has none.
        var third = second
        third.outputs[1].amount -= 1
        (third.antiExfil, third.commitment, third.hostNonce) = (0, [], [])
        #expect(try Self.release(third.replacing(second), signer, log) == 1)
    }
}
