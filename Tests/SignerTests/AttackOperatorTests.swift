import Bytes
import Foundation
import LocalSocket
import Signer
import TestSupport
import Testing
import Wire

@Suite("Attacks by an operator on a sealed signer")
struct AttackOperatorTests {
    @Test("An operator who never reads an answer is hung up on; the gate is still answered")
    func neverReads() throws {
        let home = try TestHome()
        let sealed = try home.seal()
        // A frame of two bytes; each is answered, and nobody takes the answers in.
        let frame = Frame.bytes(.recover, [0])
        let flood = Array(repeating: frame, count: 20_000).flatMap(\.self)
        let caller = sealed.caller
        let ended = Flag()
        Thread.detachNewThread {
            // It ends when the signer hangs up.
            do { try caller.write(flood) } catch {}
            ended.raise()
        }
        let (done, failed) = (DispatchSemaphore(value: 0), Flag())
        Thread.detachNewThread {
            if done.wait(timeout: .now() + 20) == .timedOut {
                failed.raise()
                caller.hangUp()
            }
        }
        while !ended.isRaised { try sealed.step() }
        #expect(try sealed.askAsGate(Frame.bytes(.status, [])).kind == .statusReply)
        done.signal()
        #expect(!failed.isRaised)
    }

    /// Lets the signer work until somebody who waits in its queue is answered, or time is up.
    private func answered(_ sealed: TestSealed, _ next: Peer, seconds: Double) throws -> Frame? {
        let end = Date.now.addingTimeInterval(seconds)
        while Date.now < end {
            try sealed.step(milliseconds: 50)
            if next.hasBytes { return try next.read() }
        }
        return nil
    }

    @Test("A silent operator is hung up on in time, and the next one is served")
    func silent() throws {
        let sealed = try TestHome().seal(frameMilliseconds: 300)
        let next = try sealed.queue()
        let unlock = Frame.bytes(.unlock, vector16(Array(TestHome.passphrase.utf8)))
        try next.write(unlock)
        // Not before the time is up.
        #expect(try answered(sealed, next, seconds: 0.15) == nil)
        #expect(try answered(sealed, next, seconds: 10)?.kind == .unlocked)
    }

    @Test("The time is for the whole frame: a byte now and then does not prolong it")
    func slow() throws {
        let sealed = try TestHome().seal(frameMilliseconds: 400)
        let next = try sealed.queue()
        try next.write(Frame.bytes(.unlock, vector16(Array(TestHome.passphrase.utf8))))
        let stopped = Flag()
        let caller = sealed.caller
        let sent = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            // A passphrase of 2,000 bytes, one every 50 ms: it would take 100 s.
            let frame = Frame.bytes(.unlock, vector16([UInt8](repeating: 0x70, count: 2_000)))
            for byte in frame where !stopped.isRaised {
                do { try caller.write([byte]) } catch { break }
                Thread.sleep(forTimeInterval: 0.05)
            }
            sent.signal()
        }
        let began = Date.now
        #expect(try answered(sealed, next, seconds: 10)?.kind == .unlocked)
        #expect(Date.now.timeIntervalSince(began) >= 0.35)
        stopped.raise()
        sent.wait()
    }

    @Test("Every answer gives the operator the whole time again")
    func renewed() throws {
        let sealed = try TestHome().seal(frameMilliseconds: 400)
        for _ in 0..<4 {
            Thread.sleep(forTimeInterval: 0.2)
            #expect(try sealed.ask(.recover, [0, 0]).name == .malformedRequest)
        }
        #expect(try sealed.unlock().kind == .unlocked)
    }

    @Test("Frames of the gate that come together, or byte by byte, are all answered")
    func framesTogether() throws {
        let sealed = try TestHome().seal()
        let status = Frame.bytes(.status, [])
        try sealed.gate.write(status + status + status)
        try sealed.step()
        let answers = try (0..<3).map { _ in try sealed.gate.read() }
        #expect(answers.allSatisfy { $0.kind == .statusReply && $0.payload == answers[0].payload })
        let gate = sealed.gate
        Thread.detachNewThread {
            for byte in status {
                do { try gate.write([byte]) } catch {}
                Thread.sleep(forTimeInterval: 0.01)
            }
        }
        try sealed.step()
        #expect(try gate.read().payload == answers[0].payload)
    }

    @Test("init takes the longest passphrase that an unlock can carry, and no longer one")
    func longPassphrase() throws {
        for (count, isTaken) in [(2_045, true), (2_046, false)] {
            let home = try TestHome()
            let text = String(repeating: "p", count: count)
            for name in ["keystore", "state", "words", "output"] { try home.replace(name, []) }
            try home.put(Array(text.utf8), "passphrase")
            if isTaken {
                try home.make(.restored)
                #expect(try home.seal().unlock(text).kind == .unlocked)
            } else {
                #expect(throws: SignerStop.passphraseTooLong) { try home.make(.restored) }
                #expect(try home.bytes("keystore").isEmpty)
            }
        }
    }
}

private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var raised = false

    func raise() { lock.withLock { raised = true } }
    var isRaised: Bool { lock.withLock { raised } }
}
