import Bytes
import Signer
import TestSupport
import Testing
import Wire

@Suite("Attacks by a stolen gate on release")
struct AttackReleaseTests {
    /// A signer of so much allowance, and its log.
    private func ready(allowance: UInt64) throws -> (TestSigner, TestLog) {
        var bundle = SampleBundle()
        bundle.allowance = allowance
        return try TestHome(bundle).ready()
    }

    private func release(_ log: TestLog, _ entries: [[UInt8]]) -> [UInt8] {
        little(UInt32(log.newHashes.count)) + log.newHashes.flatMap(\.self)
            + little(UInt16(entries.count)) + entries.flatMap(\.self)
    }

    @Test("One digest in two slots, in one slot twice, as new and as retry, is charged once")
    func sameDigestInOneFrame() throws {
        let (signer, log) = try ready(allowance: 60_000)
        let request = try TestRequest(signer)
        let decision = try signer.assess(request, slot: 1)
        _ = try signer.assess(request, slot: 2)
        log.charge(decision.leaf)
        let index = log.leaves.count - 2
        let new = request.newEntry(slot: 1, offset: 0, charge: log.leaves[index + 1])
        let other = request.newEntry(slot: 2, offset: 0, charge: log.leaves[index + 1])
        let retry = request.retryEntry(
            slot: 1,
            index: index,
            leaf: decision.leaf,
            proof: log.proof(index, size: log.leaves.count),
            charge: log.leaves[index + 1],
            chargeProof: log.proof(index + 1, size: log.leaves.count)
        )
        let answer = try signer.ask(.release, release(log, [new, other, new, retry]))
        #expect(answer.kind == .released)
        #expect(signer.record.allowanceSpent == 60_000)
        #expect(signer.record.ringCount == 1)
    }

    @Test("The allowance counts the sum of a frame, to the satoshi, and a refusal changes nothing")
    func sumOfEntries() throws {
        for (allowance, isEnough) in [(UInt64(120_000), true), (119_999, false)] {
            let (signer, log) = try ready(allowance: allowance)
            let before = signer.record
            let requests = [
                (try TestRequest(signer, salt: 1), UInt16(7)),
                (try TestRequest(signer, salt: 2), UInt16(8)),
            ]
            for (request, slot) in requests {
                log.charge(try signer.assess(request, slot: slot).leaf)
            }
            let answer = try signer.ask(.release, try log.release(requests))
            #expect((answer.kind == .released) == isEnough)
            if !isEnough {
                #expect(answer.name == .allowanceExceeded)
                #expect(signer.record == before)
            }
        }
    }

    @Test("An offset at or past the end is no leaf, however large")
    func offsets() throws {
        let (signer, log) = try ready(allowance: 60_000)
        let request = try TestRequest(signer)
        log.charge(try signer.assess(request).leaf)
        for offset in [1, 2, 3, Int(Int32.max), Int(UInt32.max) - 1, Int(UInt32.max)] {
            let entry = request.newEntry(slot: 0, offset: offset, charge: log.leaves[1])
            let answer = try signer.ask(.release, release(log, [entry]))
            #expect(answer.name == .leafNotShown, "\(offset)")
        }
        #expect(try signer.ask(.release, try log.release([(request, 0)])).kind == .released)
    }

    @Test("The charge of one decision does not stand for another's")
    func swappedCharges() throws {
        let (signer, log) = try ready(allowance: 1_000_000)
        let (one, two) = (try TestRequest(signer, salt: 1), try TestRequest(signer, salt: 2))
        let base = UInt64(log.leaves.count)
        log.append(try signer.assess(one, slot: 1).leaf)
        log.append(TestLog.chargeLeaf(base + 2, logTime: 1_000))
        log.append(try signer.assess(two, slot: 2).leaf)
        log.append(TestLog.chargeLeaf(base, logTime: 1_000))
        let charges = [log.leaves[Int(base) + 1], log.leaves[Int(base) + 3]]
        for (request, slot, offset) in [(one, 1, 0), (two, 2, 2)] {
            for charge in charges {
                let entry = request.newEntry(slot: UInt16(slot), offset: offset, charge: charge)
                let answer = try signer.ask(.release, release(log, [entry]))
                #expect(answer.name == .chargeLeafMismatch)
            }
        }
        #expect(signer.record.allowanceSpent == 0)
    }

    @Test("No bit of a request can change between assess and release")
    func flippedRequest() throws {
        let (signer, log) = try ready(allowance: 60_000)
        let request = try TestRequest(signer, count: 1)
        log.charge(try signer.assess(request).leaf)
        let payload = try log.release([(request, 0)])
        let start = payload.count - request.resolved.count
        // The bit by which a host nonce follows the request.
        let isOpened = 8 * 2
        for bit in 0..<8 * request.resolved.count {
            var forged = payload
            forged[start + bit / 8] ^= 1 << UInt8(bit % 8)
            if bit == isOpened { forged += [UInt8](repeating: 7, count: 32) }
            #expect(try signer.ask(.release, forged).name == .slotMismatch, "bit \(bit)")
        }
        #expect(try signer.ask(.release, payload).kind == .released)
        // Where none follows the frame is broken.
        var broken = payload
        broken[start + 2] ^= 1
        #expect(throws: SignerStop.malformed(.release)) { try signer.ask(.release, broken) }
    }

    @Test("Of 113 payments the ring forgets the first; releasing it again costs again")
    func ringWraps() throws {
        let (signer, log) = try ready(allowance: 115 * 20_000)
        var requests: [TestRequest] = []
        for salt in 0..<113 {
            var request = try TestRequest(signer, count: 1, salt: UInt8(salt))
            request.outputs[0].amount = 10_000
            request.outputs[1].amount = 80_000
            requests.append(request)
        }
        for start in stride(from: 0, to: 113, by: 57) {
            var batch: [(TestRequest, UInt16)] = []
            for place in start..<min(start + 57, 113) {
                log.charge(try signer.assess(requests[place], slot: UInt16(place)).leaf)
                batch.append((requests[place], UInt16(place)))
            }
            #expect(try signer.ask(.release, try log.release(batch)).kind == .released)
            log.commit()
        }
        #expect(signer.record.allowanceSpent == 113 * 20_000)
        // The first was pushed out by the last; the second is still there.
        for (place, spent) in [(1, UInt64(113)), (0, 114), (0, 114)] {
            _ = try signer.assess(requests[place])
            let retry = log.retry(requests[place], slot: 0, index: 1 + 2 * place)
            #expect(try signer.ask(.release, retry).kind == .released)
            #expect(signer.record.allowanceSpent == spent * 20_000)
        }
    }
}
