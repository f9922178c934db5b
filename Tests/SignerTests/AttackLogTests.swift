import Bytes
import Foundation
import Signer
import TestSupport
import Testing
import Wire

@Suite("Attacks by a stolen gate on the log")
struct AttackLogTests {
    private func checkpoint(_ payload: [UInt8]) -> [UInt8] { Array(payload.prefix(104)) }

    @Test("A signed checkpoint of the same size with another root shows a record put back")
    func forkOfSameSize() throws {
        let home = try TestHome()
        let (signer, log) = try home.ready()
        let old = try home.bytes("state")
        let fork = log.copy(count: log.leaves.count, shown: log.shownCount)
        log.append([1])
        let answer = try signer.ask(.advance, log.advancePayload())
        let seen = checkpoint(answer.payload)
        try home.replace("state", old)
        // The log was put back as well, and went another way, up to the same size.
        let again = try home.unlock()
        #expect(try again.ask(.resume, fork.resumePayload()).kind == .resumed)
        fork.append([2])
        #expect(try again.ask(.advance, fork.advancePayload()).kind == .advanced)
        fork.commit()
        try home.replace("state", try home.bytes("state"))
        let third = try home.unlock()
        let refused = try third.ask(.resume, fork.resumePayload(checkpoint: seen))
        #expect(refused.name == .stateRolledBack)
        #expect(try third.ask(.resume, fork.resumePayload()).kind == .resumed)
    }

    @Test("A checkpoint with any bit changed is forged, and one of another log is none of ours")
    func forgedCheckpoint() throws {
        let home = try TestHome()
        let (signer, log) = try home.ready()
        let seen = checkpoint(try signer.ask(.advance, log.advancePayload()).payload)
        try home.replace("state", try home.bytes("state"))
        let again = try home.unlock()
        for place in [0, 7, 8, 39, 40, 71, 72, 103] {
            var forged = seen
            forged[place] ^= 2
            let answer = try again.ask(.resume, log.resumePayload(checkpoint: forged))
            #expect(answer.name == .checkpointForged, "byte \(place)")
        }
        // The same words and policy, another home: its audit key is another.
        let (stranger, strange) = try TestHome().ready()
        let other = checkpoint(try stranger.ask(.advance, strange.advancePayload()).payload)
        let answer = try again.ask(.resume, log.resumePayload(checkpoint: other))
        #expect(answer.name == .checkpointForged)
        #expect(try again.ask(.resume, log.resumePayload(checkpoint: seen)).kind == .resumed)
    }

    @Test("A frontier of no leaves, of other leaves or of another log does not resume")
    func forgedFrontier() throws {
        let home = try TestHome()
        let (signer, log) = try home.ready()
        for leaf in 0..<5 { log.append([UInt8(leaf)]) }
        #expect(try signer.ask(.advance, log.advancePayload()).kind == .advanced)
        log.commit()
        try home.replace("state", try home.bytes("state"))
        let again = try home.unlock()
        let empty = TestLog(homeID: home.homeID)
        #expect(try again.ask(.resume, empty.resumePayload()).name == .logBehindSigner)
        let cut = log.copy(count: 5, shown: 5)
        #expect(try again.ask(.resume, cut.resumePayload()).name == .logBehindSigner)
        let other = log.copy(count: 5, shown: 5)
        other.append([9])
        other.commit()
        #expect(try again.ask(.resume, other.resumePayload()).name == .frontierMismatch)
        other.append([9])
        other.commit()
        #expect(try again.ask(.resume, other.resumePayload()).name == .frontierMismatch)
        let renamed = log.copy(count: 6, shown: 6)
        renamed.number = 1
        #expect(try again.ask(.resume, renamed.resumePayload()).name == .frontierMismatch)
        #expect(again.phase == .unresumed)
        #expect(try again.ask(.resume, log.resumePayload()).kind == .resumed)
    }

    @Test("A decision of another home, of the same words and policy, is forged")
    func leafOfAnotherHome() throws {
        let (stranger, _) = try TestHome().ready()
        let (signer, log) = try TestHome().ready()
        let request = try TestRequest(signer)
        let foreign = try stranger.assess(request).leaf
        let own = try signer.assess(request).leaf
        #expect(foreign != own)
        log.append(foreign)
        #expect(try signer.ask(.advance, log.advancePayload()).kind == .advanced)
        log.commit()
        let retry = log.retry(request, slot: 0, index: log.leaves.count - 1)
        #expect(try signer.ask(.release, retry).name == .forgedLeaf)
    }

    @Test("A refusal in the log does not release what is allowed now")
    func refusalAsEvidence() throws {
        let (signer, log) = try TestHome().ready()
        let request = try TestRequest(signer)
        let refused = try signer.assess(request, time: 0)
        #expect(refused.name == .timeWentBack)
        _ = try signer.assess(request)
        log.append(refused.leaf)
        #expect(try signer.ask(.advance, log.advancePayload()).kind == .advanced)
        log.commit()
        let retry = log.retry(request, slot: 0, index: log.leaves.count - 1)
        #expect(try signer.ask(.release, retry).name == .forgedLeaf)
    }

    @Test(
        "A retry of what the log calls over a limit or refused by the signer is not signed",
        arguments: [ChargeOutcome.limitExceeded, .refusedBySigner]
    )
    func retryWithoutCharge(outcome: ChargeOutcome) throws {
        let (signer, log) = try TestHome().ready()
        let request = try TestRequest(signer)
        let index = log.leaves.count
        log.charge(try signer.assess(request).leaf, outcome: outcome)
        #expect(try signer.ask(.advance, log.advancePayload()).kind == .advanced)
        log.commit()
        let answer = try signer.ask(.release, log.retry(request, slot: 0, index: index))
        #expect(answer.name == .chargeLeafMismatch)
        #expect(signer.record.allowanceSpent == 0)
    }

    @Test(
        "A retry whose charge names a rule that did not match, or none, is not signed",
        arguments: [1, ChargeLeaf.none]
    )
    func retryUnderAnotherRule(rule: UInt16) throws {
        let (signer, log) = try TestHome().ready()
        let request = try TestRequest(signer)
        let leaf = try signer.assess(request).leaf
        let index = log.leaves.count
        log.charge(leaf, rule: rule)
        log.charge(leaf)
        #expect(try signer.ask(.advance, log.advancePayload()).kind == .advanced)
        log.commit()
        let answer = try signer.ask(.release, log.retry(request, slot: 0, index: index))
        #expect(answer.name == .chargeLeafMismatch)
        #expect(signer.record.allowanceSpent == 0)
        let control = try signer.ask(.release, log.retry(request, slot: 0, index: index + 2))
        #expect(control.kind == .released)
    }
}

extension TestHome {
    /// Puts a new file in the place of one that a signer of this process still locks.
    func replace(_ name: String, _ bytes: [UInt8]) throws {
        try FileManager.default.removeItem(at: folder.appending(path: name))
        try put(bytes, name)
    }
}
