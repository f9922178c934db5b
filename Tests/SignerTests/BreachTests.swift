import Bytes
import Signer
import TestSupport
import Testing
import Wire

@Suite("Whatever the phase does not admit, and whatever is left over, ends the session")
struct BreachTests {
    @Test("A signer that was not resumed closes at every message but its own five")
    func unresumed() throws {
        let home = try TestHome()
        let (signer, log) = try home.ready()
        let request = try TestRequest(signer)
        log.charge(try signer.assess(request).leaf)
        let payloads: [(MessageKind, [UInt8])] = [
            (.assess, request.assessPayload()), (.release, try log.release([(request, 0)])),
            (.advance, log.advancePayload()), (.unlock, []), (.refill, []), (.recover, []),
        ]
        let before = try home.bytes("state")
        for (kind, payload) in payloads {
            let later = try home.unlockWhileHeld()
            // The control: what is admitted is answered.
            try later.ask(.status, []).expect(.statusReply)
            #expect(throws: SignerStop.breach(.notPermitted(kind))) {
                try later.ask(kind, payload)
            }
        }
        #expect(try home.bytes("state") == before)
    }

    @Test("One byte behind a message ends the session; without it the message is answered")
    func leftOver() throws {
        for kind in [MessageKind.release, .advance, .address, .xpub, .resume] {
            for extra in [[], [0]] as [[UInt8]] {
                let home = try TestHome()
                var (signer, log) = try home.ready()
                let request = try TestRequest(signer)
                log.charge(try signer.assess(request).leaf)
                let payload: [UInt8]
                switch kind {
                case .release: payload = try log.release([(request, 0)])
                case .advance: payload = log.advancePayload()
                case .address: payload = TestRequest.walletIDs[0] + [0] + little(UInt32(0))
                case .xpub: payload = TestRequest.walletIDs[0] + [0]
                default:
                    log.forget()
                    signer = try home.unlockWhileHeld()
                    payload = log.resumePayload()
                }
                let before = try home.bytes("state")
                guard !extra.isEmpty else {
                    let answer = try signer.ask(kind, payload)
                    #expect(answer.kind.rawValue == kind.rawValue + 0x80)
                    continue
                }
                #expect(throws: SignerStop.malformed(kind)) {
                    try signer.ask(kind, payload + extra)
                }
                #expect(try home.bytes("state") == before)
            }
        }
    }

    @Test("Taproot signatures are the same again, too")
    func sameTaproot() throws {
        let (signer, log) = try TestHome(.bothWallets).ready()
        let request = try TestRequest(signer, wallet: 1)
        let first = try signer.pay(request, log)
        let second = try signer.pay(request, log, slot: 7)
        #expect(first.signatures == second.signatures)
        #expect(signer.record.ringCount == 1)
    }
}
