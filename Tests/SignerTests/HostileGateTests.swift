import Bytes
import Signer
import TestSupport
import Testing
import Wire

@Suite("A gate that was taken over")
struct HostileGateTests {
    /// A signer, its log and an allowed request whose decision and charge were appended, not shown.
    private struct Scene {
        let signer: TestSigner
        let log: TestLog
        let request: TestRequest
        let leaf: [UInt8]

        init() throws {
            (signer, log) = try TestHome().ready()
            request = try TestRequest(signer)
            leaf = try signer.assess(request, slot: 4).leaf
        }

        /// The release of the request, as it ought to be.
        var release: [UInt8] { get throws { try log.release([(request, 4)]) } }

        /// A release that shows these leaves and points at `offset`.
        func release(
            _ leaves: [[UInt8]],
            offset: Int,
            charge: [UInt8],
            of request: TestRequest? = nil,
            slot: UInt16 = 4
        ) -> [UInt8] {
            let entry = (request ?? self.request)
                .newEntry(slot: slot, offset: offset, charge: charge)
            return little(UInt32(leaves.count)) + leaves.flatMap(TestLog.hash)
                + little(UInt16(1)) + entry
        }

        /// Whether a release is refused so, and nothing changed by it.
        func expectRefused(_ release: [UInt8], _ name: Refusal) throws {
            let before = signer.record
            #expect(try signer.ask(.release, release).name == name)
            #expect(signer.record == before)
        }

        /// The control: the honest release goes through afterwards.
        func expectSigned() throws {
            log.forget()
            log.charge(leaf)
            #expect(try Released(try signer.ask(.release, try release)).signatures[0].count == 2)
        }
    }

    @Test("A release without the charge leaf is refused")
    func noCharge() throws {
        let scene = try Scene()
        let charge = TestLog.chargeLeaf(UInt64(scene.log.leaves.count), logTime: 2_000)
        let alone = scene.release([scene.leaf], offset: 0, charge: charge)
        try scene.expectRefused(alone, .leafNotShown)
        let other = scene.release([scene.leaf, [1, 2, 3]], offset: 0, charge: charge)
        try scene.expectRefused(other, .chargeLeafMismatch)
        try scene.expectSigned()
    }

    @Test("A release whose decision is not where it is said to be is refused")
    func slippedIn() throws {
        let scene = try Scene()
        let count = UInt64(scene.log.leaves.count)
        let charge = TestLog.chargeLeaf(count + 1, logTime: 2_000)
        let leaves = [[7, 7], scene.leaf, charge]
        try scene.expectRefused(scene.release(leaves, offset: 0, charge: charge), .leafNotShown)
        try scene.expectRefused(scene.release(leaves, offset: 2, charge: charge), .leafNotShown)
        let between = [scene.leaf, [7, 7], TestLog.chargeLeaf(count, logTime: 2_000)]
        try scene.expectRefused(
            scene.release(between, offset: 0, charge: between[2]),
            .chargeLeafMismatch
        )
        try scene.expectSigned()
    }

    @Test("A charge leaf that says anything else is refused")
    func wrongCharge() throws {
        let scene = try Scene()
        let count = UInt64(scene.log.leaves.count)
        let charges = [
            TestLog.chargeLeaf(count + 1, logTime: 2_000),
            TestLog.chargeLeaf(count, outcome: .limitExceeded, logTime: 2_000),
            TestLog.chargeLeaf(count, outcome: .refusedBySigner, logTime: 2_000),
            TestLog.chargeLeaf(count, rule: 1, logTime: 2_000),
            TestLog.chargeLeaf(count, rule: .max, logTime: 2_000),
            scene.leaf,
        ]
        for charge in charges {
            let release = scene.release([scene.leaf, charge], offset: 0, charge: charge)
            try scene.expectRefused(release, .chargeLeafMismatch)
        }
        try scene.expectSigned()
    }

    @Test("Another request in the place of the assessed one is refused")
    func swapped() throws {
        let scene = try Scene()
        scene.log.charge(scene.leaf)
        var other = scene.request
        other.outputs[0].script[5] ^= 1
        let charge = scene.log.leaves[scene.log.leaves.count - 1]
        let release = scene.release([scene.leaf, charge], offset: 0, charge: charge, of: other)
        try scene.expectRefused(release, .slotMismatch)
        try scene.expectSigned()
    }

    @Test("A slot that holds another request, or none, is refused")
    func otherSlot() throws {
        let scene = try Scene()
        scene.log.charge(scene.leaf)
        let charge = scene.log.leaves[scene.log.leaves.count - 1]
        let empty = scene.release([scene.leaf, charge], offset: 0, charge: charge, slot: 5)
        try scene.expectRefused(empty, .slotEmpty)
        let small = try TestRequest(scene.signer, count: 1, salt: 9)
        var other = small
        other.outputs = [.init(amount: 1_000, script: TestRequest.foreignScript)]
        #expect(try scene.signer.assess(other, slot: 5).verdict == .allow)
        let wrong = scene.release([scene.leaf, charge], offset: 0, charge: charge, slot: 5)
        try scene.expectRefused(wrong, .slotMismatch)
        try scene.expectSigned()
    }

    @Test("A release shown twice is refused the second time")
    func replayed() throws {
        let scene = try Scene()
        scene.log.charge(scene.leaf)
        let release = try scene.release
        _ = try Released(try scene.signer.ask(.release, release))
        try scene.expectRefused(release, .slotEmpty)
        #expect(try scene.signer.assess(scene.request, slot: 4).leaf == scene.leaf)
        try scene.expectRefused(release, .chargeLeafMismatch)
    }

    @Test("A charge dated before the last one is refused; the same time is not")
    func timeBack() throws {
        let scene = try Scene()
        let count = UInt64(scene.log.leaves.count)
        let early = TestLog.chargeLeaf(count, logTime: 999)
        let release = scene.release([scene.leaf, early], offset: 0, charge: early)
        try scene.expectRefused(release, .timeWentBack)
        let advance = little(UInt64(999)) + little(UInt32(0))
        #expect(try scene.signer.ask(.advance, advance).name == .timeWentBack)
        try scene.expectSigned()
        #expect(scene.signer.record.lastTime == 1_000)
    }

    @Test("Nothing leaves beyond the allowance, to the satoshi; a batch over it signs nothing")
    func allowance() throws {
        var bundle = SampleBundle()
        bundle.allowance = 120_000
        let (signer, log) = try TestHome(bundle).ready()
        _ = try signer.pay(try TestRequest(signer, salt: 1), log)
        let second = try TestRequest(signer, salt: 2)
        let third = try TestRequest(signer, salt: 3)
        log.charge(try signer.assess(second, slot: 2).leaf)
        log.charge(try signer.assess(third, slot: 3).leaf)
        let before = signer.record
        let answer = try signer.ask(.release, try log.release([(second, 2), (third, 3)]))
        #expect(answer.name == .allowanceExceeded)
        #expect(answer.refusal?.expected == 60_000)
        #expect(answer.refusal?.found == 120_000)
        #expect(signer.record == before)
        log.forget()
        log.charge(try signer.assess(second, slot: 2).leaf)
        _ = try Released(try signer.ask(.release, try log.release([(second, 2)])))
        log.commit()
        #expect(signer.record.allowanceLeft == 0)
        log.charge(try signer.assess(third, slot: 3).leaf)
        let refused = try signer.ask(.release, try log.release([(third, 3)]))
        #expect(refused.name == .allowanceExceeded)
    }

    @Test("A decision leaf that the signer did not write is refused in a retry")
    func forged() throws {
        let scene = try Scene()
        for place in [20, 50, scene.leaf.count - 1] {
            var forged = scene.leaf
            forged[place] ^= 1
            scene.log.append(forged)
            #expect(try scene.signer.ask(.advance, scene.log.advancePayload()).kind == .advanced)
            scene.log.commit()
            let retry = scene.log.retry(
                scene.request,
                slot: 4,
                index: scene.log.leaves.count - 1
            )
            try scene.expectRefused(retry, .forgedLeaf)
        }
        try scene.expectSigned()
    }

    @Test("A leaf of a refusal, or of another request, releases nothing")
    func otherLeaf() throws {
        let scene = try Scene()
        var refused = scene.request
        refused.network = 0
        scene.log.append(try scene.signer.assess(refused, slot: 9).leaf)
        var other = scene.request
        other.outputs[0].amount -= 1
        scene.log.append(try scene.signer.assess(other, slot: 9).leaf)
        _ = try scene.signer.ask(.advance, scene.log.advancePayload())
        scene.log.commit()
        for index in [1, 2] {
            let retry = scene.log.retry(scene.request, slot: 4, index: index)
            try scene.expectRefused(retry, .forgedLeaf)
        }
        try scene.expectSigned()
    }

    @Test("A retry of a leaf that is not in the tree is refused")
    func notInTree() throws {
        let scene = try Scene()
        scene.log.append(scene.leaf)
        let retry = scene.log.retry(
            scene.request,
            slot: 4,
            index: scene.log.leaves.count - 1
        )
        try scene.expectRefused(retry, .notInTree)
        try scene.expectSigned()
    }

    @Test("Before resume, and before the unlock stands in the log, nothing is released")
    func tooEarly() throws {
        let home = try TestHome()
        let signer = try home.unlock()
        #expect(throws: SignerStop.breach(.notPermitted(.release))) {
            try signer.ask(.release, little(UInt32(0)) + little(UInt16(0)))
        }
        let later = try home.unlockWhileHeld()
        let log = TestLog(homeID: home.homeID)
        #expect(try later.ask(.resume, log.resumePayload()).kind == .resumed)
        let request = try TestRequest(later)
        log.charge(try later.assess(request).leaf)
        #expect(try later.ask(.release, try log.release([(request, 0)])).name == .eventsPending)
    }

    @Test(
        "A payload that is not of its form ends the session",
        arguments: [
            (MessageKind.release, [UInt8]([1, 0, 0, 0])),
            (.release, little(UInt32(0)) + little(UInt16(0))),
            (.release, little(UInt32(0)) + little(UInt16(65))),
            (.advance, little(UInt64(2_000)) + little(UInt32(1))),
            (.advance, little(UInt64(2_000)) + little(UInt32(0)) + [0]),
            (.xpub, []),
            (.address, [UInt8](repeating: 0, count: 36)),
            (.assess, [2] + [UInt8](repeating: 0, count: 30)),
            (.assess, [1, 0, 4] + [UInt8](repeating: 0, count: 30)),
            (.assess, []),
        ]
    )
    func malformed(kind: MessageKind, payload: [UInt8]) throws {
        let (signer, _) = try TestHome().ready()
        #expect(throws: SignerStop.malformed(kind)) { try signer.ask(kind, payload) }
    }

    @Test("A frame that the protocol has not, or not for the gate, ends the session")
    func breaches() throws {
        let (first, _) = try TestHome().ready()
        #expect(throws: SignerStop.breach(.unknownKind(0x08))) {
            try first.ask(raw: [1, 0, 0, 0, 8])
        }
        let (second, _) = try TestHome().ready()
        #expect(throws: SignerStop.breach(.notPermitted(.unlock))) {
            try second.ask(raw: [1, 0, 0, 0, 0x11])
        }
        let (third, _) = try TestHome().ready()
        #expect(throws: SignerStop.breach(.notPermitted(.resume))) {
            try third.ask(.resume, [])
        }
        let (fourth, _) = try TestHome().ready()
        #expect(throws: SignerStop.breach(.tooLong(length: 65, limit: 64))) {
            try fourth.ask(.xpub, [UInt8](repeating: 0, count: 64))
        }
    }
}
