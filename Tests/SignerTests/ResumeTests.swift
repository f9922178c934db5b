import Bytes
import Signer
import TestSupport
import Testing
import Wire

@Suite("Going on from a log")
struct ResumeTests {
    @Test("The greeting is an unasked status, and says unresumed until the log was shown")
    func greeting() throws {
        let home = try TestHome()
        let signer = try home.unlock()
        let greeting = try signer.greeting()
        #expect(greeting.kind == .statusReply)
        let status = try #require(StatusBox(greeting).value)
        #expect(status.phase == .unresumed)
        #expect(status.homeID == home.homeID)
        #expect(status.network == 4)
        #expect(status.kernel == 0x105)
        #expect(status.landlockABI == 7)
        try signer.resume(TestLog(homeID: home.homeID))
        #expect(try signer.status().value?.phase == .ready)
    }

    @Test("The leaf of the unlock is tagged, and names where the signer stands")
    func unlockLeaf() throws {
        let home = try TestHome()
        let signer = try home.unlock()
        let log = TestLog(homeID: home.homeID)
        let events = try TestLog.events(try signer.ask(.resume, log.resumePayload()).payload)
        #expect(events.count == 1)
        let first = events[0]
        let event = try EventLeaf(reading: first.span)
        let (leaf, tag, signatureCount) = (event.head, event.tag, event.signatures.left)
        #expect(signatureCount == 0)
        #expect(leaf.event == .unlock)
        #expect(leaf.place.homeID == home.homeID)
        #expect(leaf.place.logSize == 0)
        #expect(leaf.kernel == 0x105)
        #expect(!tag.isZero)
    }

    @Test("Later leaves that the signer had not seen are taken over, and stay")
    func laterLeaves() throws {
        let home = try TestHome()
        let (_, log) = try home.ready()
        let again = try home.unlockWhileHeld()
        for number in 0..<UInt8(9) { log.append([number]) }
        #expect(try again.ask(.resume, log.resumePayload()).kind == .resumed)
        #expect(again.record.logSize == 10)
        #expect(again.record.root == log.root(10))
        #expect(try home.unlockWhileHeld().record.logSize == 10)
    }

    @Test("A log that is behind the record, or not its log, is refused")
    func otherLogs() throws {
        let home = try TestHome()
        let (signer, log) = try home.ready()
        _ = try signer.pay(try TestRequest(signer), log)
        let again = try home.unlockWhileHeld()
        let shorter = log.copy(count: 2, shown: 2)
        #expect(try again.ask(.resume, shorter.resumePayload()).name == .logBehindSigner)
        let longer = log.copy(count: 3, shown: 3)
        longer.append([1])
        longer.commit()
        #expect(try again.ask(.resume, longer.resumePayload()).name == .frontierMismatch)
        let forked = log.copy(count: 2, shown: 2)
        forked.append([1])
        forked.commit()
        #expect(try again.ask(.resume, forked.resumePayload()).name == .frontierMismatch)
        let other = log.copy(count: 3, shown: 3)
        other.number = 1
        #expect(try again.ask(.resume, other.resumePayload()).name == .frontierMismatch)
        #expect(again.phase == .unresumed)
        try again.resume(log)
        #expect(again.phase == .ready)
    }

    @Test("A frontier of too many or too few hashes ends the session")
    func malformed() throws {
        let home = try TestHome()
        let signer = try home.unlock()
        let payload = TestLog(homeID: home.homeID).resumePayload()
        var wrong = payload
        wrong[12] = 1
        #expect(throws: SignerStop.malformed(.resume)) { try signer.ask(.resume, wrong) }
        let second = try home.unlockWhileHeld()
        #expect(throws: SignerStop.malformed(.resume)) {
            try second.ask(.resume, payload + [0])
        }
    }

    @Test("A checkpoint of the record's own size resumes; one with another root does not")
    func checkpoints() throws {
        let home = try TestHome()
        let (signer, log) = try home.ready()
        let released = try signer.pay(try TestRequest(signer), log)
        let again = try home.unlockWhileHeld()
        let checkpoint =
            little(released.head.size) + released.head.root.span.array
            + released.head.signature.span.array
        let answer = try again.ask(.resume, log.resumePayload(checkpoint: checkpoint))
        #expect(answer.kind == .resumed)
    }

    @Test("No checkpoint is spelled in zeros only")
    func noCheckpoint() throws {
        let home = try TestHome()
        let signer = try home.unlock()
        let log = TestLog(homeID: home.homeID)
        for place in [8, 39, 40, 103] {
            var none = [UInt8](repeating: 0, count: 104)
            none[place] = 1
            let answer = try signer.ask(.resume, log.resumePayload(checkpoint: none))
            #expect(answer.name == .checkpointForged, "byte \(place)")
            #expect(signer.phase == .unresumed)
        }
        #expect(try signer.ask(.resume, log.resumePayload()).kind == .resumed)
    }

    @Test("Advance checkpoints leaves without a release, and nothing at all as well")
    func advance() throws {
        let (signer, log) = try TestHome().ready()
        log.append([1, 2, 3])
        log.time = 5_000
        let frame = try signer.ask(.advance, log.advancePayload())
        log.commit()
        var reader = ByteReader(frame.payload.span)
        let head = try SignedHead(reading: &reader)
        #expect(head.size == 2)
        #expect(head.root == log.root(2))
        #expect(signer.record.lastTime == 5_000)
        #expect(try signer.ask(.advance, log.advancePayload()).kind == .advanced)
    }

    @Test("While sealed the gate may ask for the status and nothing else")
    func sealedGate() throws {
        let sealed = try TestHome().seal()
        let frame = try sealed.askAsGate([1, 0, 0, 0, 1])
        let status = try #require(StatusBox(frame).value)
        #expect(status.phase == .sealed)
        #expect(status.homeID == .zero)
        #expect(status.build == StateRecord.build)
        #expect(throws: SignerStop.breach(.notPermitted(.xpub))) {
            try sealed.askAsGate([1, 0, 0, 0, 7])
        }
    }

    @Test("The gate hanging up closes a sealed and an open signer")
    func hangUp() throws {
        let sealed = try TestHome().seal()
        sealed.gate.hangUp()
        #expect(throws: SignerStop.gateGone) { try sealed.step() }
        let (open, _) = try TestHome().ready()
        #expect(throws: SignerStop.gateGone) { try open.hangUp() }
    }

    @Test("A caller who breaks the protocol loses the connection; the next one is served")
    func badCaller() throws {
        let home = try TestHome()
        let sealed = try home.seal()
        try sealed.caller.write([1, 0, 0, 0, 0x01])
        try sealed.step()
        #expect(throws: (any Error).self) { try sealed.caller.read() }
        let next = try sealed.nextCaller()
        try next.write(Frame.bytes(.unlock, vector16(Array(TestHome.passphrase.utf8))))
        try sealed.step()
        try sealed.step()
        #expect(try next.read().kind == .unlocked)
    }
}
