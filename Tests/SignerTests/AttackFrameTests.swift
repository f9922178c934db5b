import Bytes
import Foundation
import Signer
import TestSupport
import Testing
import Wire

@Suite("Damaged frames at a ready signer")
struct AttackFrameTests {
    /// The same numbers in every run.
    private struct Dice {
        var state: UInt64

        mutating func roll(_ sides: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(sides))
        }
    }

    @Test(
        "Thousands of damaged requests are refused or read anew, and none moves the record",
        .timeLimit(.minutes(1))
    )
    func damagedAssessments() throws {
        let (signer, _) = try TestHome(.bothWallets).ready()
        let before = signer.record
        var dice = Dice(state: 0xA77A_C0)
        let seeds = [try TestRequest(signer, count: 3), try TestRequest(signer, wallet: 1)]
        let end = Date().addingTimeInterval(4)
        var allowed = 0
        for round in 0..<4_000 where Date() < end {
            let seed = seeds[round % 2]
            var payload = seed.assessPayload()
            // The head is the gate's own: damage there ends the session.
            let head = payload.count - seed.encoded.count
            for _ in 0...dice.roll(3) {
                let place = head + dice.roll(payload.count - head)
                switch dice.roll(4) {
                case 0: payload[place] ^= 1 << UInt8(dice.roll(8))
                case 1: payload[place] = [0, 1, 0x7F, 0x80, 0xFF][dice.roll(5)]
                case 2: payload.removeSubrange(place..<min(place + dice.roll(40), payload.count))
                default: payload.insert(UInt8(dice.roll(256)), at: place)
                }
                if payload.count <= head + 1 { break }
            }
            let answer = try signer.ask(.assess, payload)
            if try Assessed(answer.payload).verdict == .allow { allowed += 1 }
        }
        #expect(signer.record == before)
        // Sequences, lock times and addresses of others may be anything.
        #expect(allowed > 0)
        #expect(try signer.assess(seeds[0]).verdict == .allow)
    }

    @Test(
        "Thousands of damaged releases sign nothing, spend nothing and write nothing",
        .timeLimit(.minutes(1))
    )
    func damagedReleases() throws {
        var dice = Dice(state: 0xBAD)
        let end = Date().addingTimeInterval(4)
        for _ in 0..<8 where Date() < end {
            let home = try TestHome()
            let (signer, log) = try home.ready()
            let request = try TestRequest(signer, count: 1)
            log.charge(try signer.assess(request).leaf)
            let payload = try log.release([(request, 0)])
            let before = try home.bytes("state")
            do {
                for _ in 0..<500 where Date() < end {
                    var damaged = payload
                    damaged[dice.roll(damaged.count)] ^= 1 << UInt8(dice.roll(8))
                    if dice.roll(64) == 0 { damaged.removeLast(1 + dice.roll(damaged.count - 1)) }
                    #expect(try signer.ask(.release, damaged).kind == .refused)
                }
            } catch SignerStop.malformed {
                // The session has ended; the next home goes on.
            }
            #expect(try home.bytes("state") == before)
        }
    }
}
