import Bytes
import Foundation
import LocalSocket
import Signer
import TestSupport
import Testing
import Wire

@Suite("The state record")
struct StateTests {
    /// Where the slots of the two sequences begin.
    private static let evenSlot = 0
    private static let oddSlot = 4_096

    @Test("Init leaves one record, with sequence 1 in the second slot and nothing in the first")
    func fresh() throws {
        let home = try TestHome()
        let state = try home.bytes("state")
        #expect(state.count == 8_192)
        #expect(state[0..<4_096].allSatisfy { $0 == 0 })
        #expect(Array(state[4_096..<4_104]) == Array("PCSTATE1".utf8))
        let signer = try home.unlock()
        #expect(signer.record.sequence == 1)
        #expect(signer.record.allowanceTotal == 100_000_000)
        #expect(signer.record.logSize == 0)
    }

    @Test("Every write takes the other slot, so the last record survives a torn one")
    func torn() throws {
        let home = try TestHome()
        let (signer, log) = try home.ready()
        #expect(signer.record.sequence == 3)
        let before = signer.record
        _ = try signer.pay(try TestRequest(signer), log)
        #expect(signer.record.sequence == 4)
        for place in [Self.evenSlot, Self.evenSlot + 200, Self.evenSlot + 1_000, 4_095] {
            try home.flip("state", place)
            #expect(try home.unlockWhileHeld().record == before, "torn at \(place)")
            try home.flip("state", place)
        }
        #expect(try home.unlockWhileHeld().record.sequence == 4)
    }

    @Test("An unlock makes sure of the record that it found, and changes no byte of it")
    func settled() throws {
        let home = try TestHome()
        let path = home.folder.appending(path: "state").path
        let before = try home.bytes("state")
        let sealed = try home.seal()
        let past = Date(timeIntervalSince1970: 1_000_000)
        try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: path)
        #expect(try sealed.unlock("wrong").name == .wrongPassphrase)
        #expect(try Self.isUntouched(path, since: past))
        #expect(try sealed.unlock().kind == .unlocked)
        #expect(try !Self.isUntouched(path, since: past), "the kernel alone may have had it")
        #expect(try home.bytes("state") == before)
    }

    private static func isUntouched(_ path: String, since date: Date) throws -> Bool {
        let facts = try FileManager.default.attributesOfItem(atPath: path)
        return facts[.modificationDate] as? Date == date
    }

    @Test("Without one good slot there is no unlock: there is no fresh start")
    func noneGood() throws {
        let home = try TestHome()
        try home.flip("state", Self.oddSlot + 40)
        #expect(try home.seal().unlock().name == .stateMissing)
        try home.put([UInt8](repeating: 0, count: 8_192), "state")
        #expect(try home.seal().unlock().name == .stateMissing)
        try home.put([], "state")
        #expect(throws: SignerStop.home(.stateMissing)) { try home.seal() }
    }

    @Test("A record of another home is not opened, even with the same words and passphrase")
    func otherHome() throws {
        let home = try TestHome()
        try home.put(try TestHome().bytes("state"), "state")
        #expect(try home.seal().unlock().name == .stateMissing)
    }

    @Test("A slot in the place of the other one is not opened")
    func swappedSlots() throws {
        let home = try TestHome()
        let state = try home.bytes("state")
        try home.put(Array(state[4_096...] + state[..<4_096]), "state")
        #expect(try home.seal().unlock().name == .homeMismatch)
    }

    @Test("A record for a later build is refused; the program's own build is not")
    func leastBuild() throws {
        var key = [UInt8](repeating: 7, count: 32)
        key[3] = 1
        var record = Self.sample
        record.leastBuild = StateRecord.build
        let slot = Self.sealed(record, key)
        #expect(Self.open(slot, key) == record)
        #expect(Self.open(slot, [UInt8](repeating: 7, count: 32)) == nil)
        var later = slot
        later[12] += 1
        #expect(Self.open(later, key) == nil)
    }

    @Test("Every byte of a slot is under the MAC")
    func everyByte() {
        let key = [UInt8](repeating: 7, count: 32)
        let slot = Self.sealed(Self.sample, key)
        for place in 0..<StateSlot.byteCount {
            var changed = slot
            changed[place] ^= 0x10
            #expect(Self.open(changed, key) == nil, "byte \(place)")
        }
    }

    @Test("The ring holds the last 112 digests and forgets the oldest first")
    func ring() {
        var slot = [UInt8](repeating: 0, count: StateSlot.byteCount)
        var record = Self.sample
        for place in 0..<UInt8(113) {
            var span = slot.mutableSpan
            StateSlot.remember(Bytes32(repeating: place), in: &span, &record)
        }
        #expect(!Self.holds(slot, record, Bytes32(repeating: 0)))
        for place in 1..<UInt8(113) {
            #expect(Self.holds(slot, record, Bytes32(repeating: place)))
        }
        #expect(record.ringCount == 112)
        #expect(record.ringNext == 1)
    }

    @Test("An empty ring holds nothing, not even zeros")
    func emptyRing() {
        let slot = [UInt8](repeating: 0, count: StateSlot.byteCount)
        #expect(!Self.holds(slot, Self.sample, .zero))
    }

    @Test("A second signer on one home is refused")
    func locked() throws {
        let home = try TestHome()
        let first = try home.unlock()
        #expect(throws: SignerStop.homeInUse) { try home.seal() }
        _ = first.record
    }

    @Test("A record under another bundle is refused")
    func otherBundle() throws {
        let home = try TestHome()
        var bundle = SampleBundle()
        bundle.allowance += 1
        try home.put(bundle.bytes, "bundle")
        #expect(try home.seal().unlock().name == .bundleMismatch)
        try home.put([1, 2, 3], "bundle")
        #expect(throws: SignerStop.home(.damagedBundle)) { try home.seal() }
    }

    @Test("All that a policy can ask for is opened")
    func enforced() throws {
        let home = try TestHome()
        var sample = SampleBundle()
        sample.rules.append(.conditions("never", effect: 6, [.requesters([7])]))
        sample.lists = ["payroll"]
        sample.limits = [.init("each", scope: 4), .init("fees", scope: 16)]
        sample.limits[1].count = .max
        sample.extend(zones: [.berlin])
        try home.put(sample.bytes, "bundle")
        #expect(try home.seal().unlock().name == .bundleMismatch)
        // The control: approvals are not enforced yet, and what is to come is not known.
        var approvers = SampleBundle()
        approvers.extend(approvers: .three)
        try home.put(approvers.bytes, "bundle")
        #expect(throws: SignerStop.unsupportedPolicy) { try home.seal() }
        sample.version = 3
        try home.put(sample.bytes, "bundle")
        #expect(throws: SignerStop.home(.damagedBundle)) { try home.seal() }
        #expect(SignerStop.unsupportedPolicy.exitStatus == 25)
    }

    @Test("An old copy of the file opens, and is found out by the checkpoint that it lacks")
    func rolledBack() throws {
        let home = try TestHome()
        let (signer, log) = try home.ready()
        let old = try home.bytes("state")
        let oldLog = log.copy(count: 1, shown: 1)
        let released = try signer.pay(try TestRequest(signer), log)
        try home.put(old, "state")
        let again = try home.unlockWhileHeld()
        #expect(again.record.logSize == 1)
        let checkpoint =
            little(released.head.size) + released.head.root.span.array
            + released.head.signature.span.array
        let answer = try again.ask(.resume, oldLog.resumePayload(checkpoint: checkpoint))
        #expect(answer.name == .stateRolledBack)
        #expect(again.phase == .unresumed)
        var forged = checkpoint
        forged[60] ^= 1
        let refused = try again.ask(.resume, oldLog.resumePayload(checkpoint: forged))
        #expect(refused.name == .checkpointForged)
    }

    private static var sample: StateRecord {
        StateRecord(
            homeID: Bytes32(repeating: 1),
            network: 4,
            emptyRoot: Bytes32(repeating: 2),
            epoch: 3,
            bundleHash: Bytes32(repeating: 4),
            allowanceTotal: 5
        )
    }

    private static func open(_ slot: [UInt8], _ key: [UInt8]) -> StateRecord? {
        StateSlot.open(slot.span, recordKey: key.span)
    }

    private static func holds(_ slot: [UInt8], _ record: StateRecord, _ digest: Bytes32) -> Bool {
        StateSlot.ring(of: slot.span, record, holds: digest)
    }

    private static func sealed(_ record: StateRecord, _ key: [UInt8]) -> [UInt8] {
        var slot = [UInt8](repeating: 0, count: StateSlot.byteCount)
        var span = slot.mutableSpan
        StateSlot.seal(record, into: &span, recordKey: key.span)
        return slot
    }
}
