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
