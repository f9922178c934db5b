import BitcoinCrypto
import Bytes
import Policy
import Signer
import TestSupport
import Testing
import Wire

/// An admin whose key the test made, and who signs as `ssh-keygen -Y sign` does.
struct TestAdmin {
    let wireKey: [UInt8]
    private let secretKey: [UInt8]

    init(_ number: UInt8) {
        var secret = [UInt8](repeating: 0, count: 64)
        var span = secret.mutableSpan
        let seed = [UInt8](repeating: number, count: 32)
        let key = Ed25519.makeKey(seed: seed.span, into: &span)
        wireKey = SampleBundle.adminKey(key.span.array)
        secretKey = secret
    }

    func sign(_ text: [UInt8], namespace: String = "portcullis-admin") -> [UInt8] {
        let hash = SHA512.hash(text.span).span.array
        let signed =
            Array("SSHSIG".utf8) + string(Array(namespace.utf8)) + string([])
            + string(Array("sha512".utf8)) + string(hash)
        let signature = Ed25519.sign(message: signed.span, secretKey: secretKey.span)
        let raw = string(Array("ssh-ed25519".utf8)) + string(signature.span.array)
        return Array("SSHSIG".utf8) + [0, 0, 0, 1] + string(wireKey)
            + string(Array(namespace.utf8)) + string([]) + string(Array("sha512".utf8))
            + string(raw)
    }

    private func string(_ bytes: [UInt8]) -> [UInt8] {
        [0, 0, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
    }
}

@Suite("Statements of the admins")
struct StatementTests {
    /// The signatures in an event leaf, held against the admins of a bundle.
    private static func verify(_ leaf: [UInt8], _ bundle: SampleBundle) throws {
        let bytes = bundle.bytes
        let event = try EventLeaf(reading: leaf.span)
        let known = event.head.statement
        let text = try #require(known)
        try text.verify(event.signatures, try CheckedBundle(checking: bytes.span))
    }

    private static let admins = [1, 2, 3].map { TestAdmin($0) }

    /// Two of three admins decide.
    private static var bundle: SampleBundle {
        var bundle = SampleBundle()
        bundle.allowance = 100_000
        bundle.adminThreshold = 2
        bundle.adminKeys = admins.map(\.wireKey).sorted { $0.lexicographicallyPrecedes($1) }
        return bundle
    }

    private static func place(_ record: StateRecord) -> StatementPlace {
        StatementPlace(
            homeID: record.homeID,
            logNumber: record.logNumber,
            logSize: record.logSize,
            root: record.root,
            epoch: record.epoch
        )
    }

    private static func refill(
        _ record: StateRecord,
        _ total: UInt64,
        by admins: [TestAdmin],
        says: UInt64? = nil,
        namespace: String = "portcullis-admin"
    ) -> [UInt8] {
        let text = StatementText.refill(place(record), newTotal: says ?? total).bytes.array
        return little(total) + [UInt8(admins.count)]
            + admins.flatMap { vector16($0.sign(text, namespace: namespace)) }
    }

    private static func recover(_ record: StateRecord, by admins: [TestAdmin]) -> [UInt8] {
        let text = StatementText.recover(place(record)).bytes.array
        return [UInt8(admins.count)] + admins.flatMap { vector16($0.sign(text)) }
    }

    @Test("A refill by a quorum takes effect when its leaf stands in the log, and not before")
    func refill() throws {
        let home = try TestHome(Self.bundle)
        let (signer, log) = try home.ready()
        _ = try signer.pay(try TestRequest(signer, salt: 1), log)
        let sealed = try home.sealAgain()
        let statement = Self.refill(signer.record, 500_000, by: Array(Self.admins[0...1]))
        #expect(try sealed.ask(.refill, statement).kind == .refillHeld)
        #expect(try sealed.unlock().kind == .unlocked)
        let again = try sealed.open()
        #expect(again.record.allowanceTotal == 100_000)
        let answer = try again.ask(.resume, log.resumePayload())
        #expect(again.record.allowanceTotal == 100_000)
        let events = try TestLog.events(answer.payload)
        #expect(events.count == 2)
        let first = events[0]
        let leaf = try EventLeaf(reading: first.span).head
        #expect(leaf.event == .refill)
        #expect(leaf.allowanceTotal == 500_000)
        #expect(leaf.allowanceSpent == 60_000)
        // Anyone can verify who refilled.
        try Self.verify(first, Self.bundle)
        #expect(first.count == EventHead.byteCount + 2 + (statement.count - 9) + 32)
        for event in events { log.append(event) }
        #expect(try again.ask(.advance, log.advancePayload()).kind == .advanced)
        log.commit()
        #expect(again.record.allowanceTotal == 500_000)
        #expect(again.record.allowanceSpent == 60_000)
        _ = try again.pay(try TestRequest(again, salt: 2), log)
        #expect(try home.unlockWhileHeld().record.allowanceSpent == 120_000)
        // What was charged before is known still: its replacement costs what it takes more.
        let replaced = try TestRequest(again, salt: 1)
        let bumped = ReplacementTests.bump(replaced, by: 7)
        #expect(try ReplacementTests.release(bumped, again, log) == 7)
    }

    @Test("Less than a quorum, or one admin twice, is refused; a wrong passphrase costs nothing")
    func quorum() throws {
        let home = try TestHome(Self.bundle)
        let record = try home.unlock().record
        let sealed = try home.sealAgain()
        let one = Self.refill(record, 500_000, by: [Self.admins[0]])
        #expect(try sealed.ask(.refill, one).kind == .refillHeld)
        let refused = try sealed.unlock()
        #expect(refused.name == .quorumNotReached)
        #expect(refused.refusal?.expected == 2)
        #expect(refused.refusal?.found == 1)
        let twice = Self.refill(record, 500_000, by: [Self.admins[0], Self.admins[0]])
        #expect(try sealed.ask(.refill, twice).kind == .refillHeld)
        #expect(try sealed.unlock().name == .quorumNotReached)
        let good = Self.refill(record, 500_000, by: [Self.admins[2], Self.admins[0]])
        #expect(try sealed.ask(.refill, good).kind == .refillHeld)
        #expect(try sealed.ask(.refill, good).name == .alreadyHeld)
        #expect(try sealed.unlock("wrong").name == .wrongPassphrase)
        #expect(try sealed.ask(.refill, good).name == .alreadyHeld)
        #expect(try sealed.unlock().kind == .unlocked)
    }

    @Test("A statement about anything else than this record and total is refused")
    func mismatch() throws {
        let home = try TestHome(Self.bundle)
        let (signer, _) = try home.ready()
        let record = signer.record
        let quorum = Array(Self.admins[0...1])
        var old = record
        old.logSize = 0
        var otherHome = record
        otherHome.homeID = .zero
        var otherEpoch = record
        otherEpoch.epoch = 2
        let stranger = TestAdmin(9)
        let statements = [
            Self.refill(old, 500_000, by: quorum),
            Self.refill(otherHome, 500_000, by: quorum),
            Self.refill(otherEpoch, 500_000, by: quorum),
            Self.refill(record, 500_000, by: quorum, says: 400_000),
            Self.refill(record, 500_000, by: quorum, namespace: "file"),
            Self.refill(record, 500_000, by: [Self.admins[0], stranger]),
            Self.refill(record, 500_000, by: quorum + [stranger]),
        ]
        for (number, statement) in statements.enumerated() {
            let sealed = try home.sealAgain()
            #expect(try sealed.ask(.refill, statement).kind == .refillHeld)
            #expect(try sealed.unlock().name == .statementMismatch, "statement \(number)")
            // It was dropped; without it the unlock goes through.
            #expect(try sealed.unlock().kind == .unlocked)
        }
    }

    @Test("A malformed statement is refused at once and not held")
    func malformed() throws {
        let sealed = try TestHome(Self.bundle).seal()
        let short: [UInt8] = [1, 2, 3]
        #expect(try sealed.ask(.refill, short).name == .malformedRequest)
        #expect(try sealed.ask(.recover, [1]).name == .malformedRequest)
        #expect(try sealed.ask(.recover, [0, 0]).name == .malformedRequest)
        #expect(try sealed.unlock().kind == .unlocked)
    }

    @Test("A refill below what is spent is refused")
    func tooLow() throws {
        let home = try TestHome(Self.bundle)
        let (signer, log) = try home.ready()
        _ = try signer.pay(try TestRequest(signer), log)
        let quorum = Array(Self.admins[0...1])
        let low = try home.sealAgain()
        _ = try low.ask(.refill, Self.refill(signer.record, 59_999, by: quorum))
        #expect(try low.unlock().name == .statementMismatch)
        let same = try home.sealAgain()
        _ = try same.ask(.refill, Self.refill(signer.record, 60_000, by: quorum))
        #expect(try same.unlock().kind == .unlocked)
    }

    @Test("After a recovery a new log begins with the leaf that names the lost one")
    func recover() throws {
        let home = try TestHome(Self.bundle)
        let (signer, log) = try home.ready()
        _ = try signer.pay(try TestRequest(signer, salt: 1), log)
        let lost = signer.record
        let sealed = try home.sealAgain()
        let statement = Self.recover(lost, by: Array(Self.admins[1...2]))
        #expect(try sealed.ask(.recover, statement).kind == .recoverHeld)
        let unlocked = try sealed.unlock()
        let again = try sealed.open()
        let status = try #require(try again.status().value)
        #expect(status.logNumber == 1)
        // The operator learns the new key here, not through a gate that may be stolen.
        #expect(unlocked.payload == [1] + little(UInt32(1)) + status.auditPublicKey.span.array)
        #expect(unlocked.payload.dropFirst(5) != home.description[32..<64])
        #expect(status.logSize == 0)
        let fresh = TestLog(homeID: home.homeID)
        fresh.number = 1
        let old = try again.ask(.resume, log.resumePayload())
        #expect(old.name == .frontierMismatch)
        let answer = try again.ask(.resume, fresh.resumePayload())
        let events = try TestLog.events(answer.payload)
        #expect(events.count == 2)
        let first = events[0]
        try Self.verify(first, Self.bundle)
        let leaf = try EventLeaf(reading: first.span).head
        #expect(leaf.event == .recover)
        #expect(leaf.place.logNumber == lost.logNumber)
        #expect(leaf.place.logSize == lost.logSize)
        #expect(leaf.place.root == lost.root)
        #expect(again.record.logNumber == 0)
        fresh.append(events[1])
        #expect(try again.ask(.advance, fresh.advancePayload()).name == .frontierMismatch)
        fresh.forget()
        for event in events { fresh.append(event) }
        #expect(try again.ask(.advance, fresh.advancePayload()).kind == .advanced)
        fresh.commit()
        #expect(again.record.logNumber == 1)
        #expect(again.record.logSize == 2)
        #expect(again.record.allowanceSpent == 60_000)
        var small = try TestRequest(again, count: 1, salt: 2)
        small.outputs = [.init(amount: 1_000, script: TestRequest.foreignScript)]
        small.outputs.append(
            .init(
                amount: 90_000,
                script: try again.script(branch: 1, index: 4),
                owner: (0, 1, 4)
            )
        )
        _ = try again.pay(small, fresh)
        #expect(try home.unlockWhileHeld().record.logNumber == 1)
    }

    @Test("A recovery that was cut off before its leaf was shown can be taken up again")
    func recoverTwice() throws {
        let home = try TestHome(Self.bundle)
        let (signer, _) = try home.ready()
        let statement = Self.recover(signer.record, by: Array(Self.admins[1...2]))
        let fresh = TestLog(homeID: home.homeID)
        fresh.number = 1
        for round in 0..<2 {
            let sealed = try home.sealAgain()
            _ = try sealed.ask(.recover, statement)
            #expect(try sealed.unlock().kind == .unlocked)
            let again = try sealed.open()
            let answer = try again.ask(.resume, fresh.resumePayload())
            #expect(answer.kind == .resumed)
            guard round == 0 else {
                #expect(again.record.logNumber == 1)
                #expect(again.record.logSize == 1)
                continue
            }
            // The gate stored the leaf, and then the machine stopped.
            fresh.append(try TestLog.events(answer.payload)[0])
        }
    }

    @Test("An event leaf with anything changed is not the admins' word any more")
    func forgedEvent() throws {
        let home = try TestHome(Self.bundle)
        let record = try home.unlock().record
        let sealed = try home.sealAgain()
        let statement = Self.refill(record, 500_000, by: Array(Self.admins[0...1]))
        #expect(try sealed.ask(.refill, statement).kind == .refillHeld)
        #expect(try sealed.unlock().kind == .unlocked)
        let log = TestLog(homeID: home.homeID)
        let answer = try sealed.open().ask(.resume, log.resumePayload())
        let leaf = try TestLog.events(answer.payload)[0]
        try Self.verify(leaf, Self.bundle)
        // Home, log, size, root, epoch, total, and the signatures: all of it was signed. The
        // bundle's hash, what was spent and the kernel's bits are the signer's word alone.
        let total = EventHead.byteCount - 4 - 8 - 8
        let signed = Array(19..<103) + Array(total..<total + 8)
        for place in signed + [EventHead.byteCount + 40, EventHead.byteCount + 200] {
            var forged = leaf
            forged[place] ^= 1
            #expect(throws: (any Error).self, "byte \(place)") {
                try Self.verify(forged, Self.bundle)
            }
        }
        var stricter = Self.bundle
        stricter.adminThreshold = 3
        #expect(throws: StatementFault.quorumNotReached(needed: 3, found: 2)) {
            try Self.verify(leaf, stricter)
        }
        var others = Self.bundle
        others.adminKeys = [TestAdmin(8).wireKey, TestAdmin(9).wireKey]
            .sorted { $0.lexicographicallyPrecedes($1) }
        #expect(throws: StatementFault.foreignSignature(place: 0)) {
            try Self.verify(leaf, others)
        }
    }

    @Test("As many signatures as a statement can carry have room in the leaf")
    func manySignatures() throws {
        let home = try TestHome(Self.bundle)
        let record = try home.unlock().record
        let size = vector16(Self.admins[0].sign([1])).count
        let count = min(255, (MessageKind.refill.lengthMax - 1 - 9) / size)
        let admins = (0..<count).map { Self.admins[$0 % 3] }
        let sealed = try home.sealAgain()
        let statement = Self.refill(record, 500_000, by: admins)
        #expect(statement.count + size > MessageKind.refill.lengthMax)
        // A payload of this size comes in pieces.
        try sealed.caller.write(Frame.bytes(.refill, statement))
        for _ in 0..<8 { try sealed.step() }
        #expect(try sealed.caller.read().kind == .refillHeld)
        #expect(try sealed.unlock().kind == .unlocked)
        let log = TestLog(homeID: home.homeID)
        let signer = try sealed.open()
        let answer = try signer.ask(.resume, log.resumePayload())
        let events = try TestLog.events(answer.payload)
        #expect(events[0].count > 16_000 && events[0].count <= LeafKind.leafByteCountMax)
        try Self.verify(events[0], Self.bundle)
        for event in events { log.append(event) }
        #expect(try signer.ask(.advance, log.advancePayload()).kind == .advanced)
        #expect(signer.record.allowanceTotal == 500_000)
    }

    @Test("A gate that pushed the time to its end bricks the log, and a recovery begins a new time")
    func endOfTime() throws {
        let home = try TestHome(Self.bundle)
        let (signer, log) = try home.ready()
        log.time = .max
        #expect(try signer.ask(.advance, log.advancePayload()).kind == .advanced)
        #expect(signer.record.lastTime == .max)
        let request = try TestRequest(signer)
        // Any other time is before: for assess, for release, for advance, and after a restart.
        for _ in 0..<2 {
            let again = try home.unlockWhileHeld()
            log.time = .max
            try again.resume(log)
            #expect(try again.assess(request, time: .max - 1).name == .timeWentBack)
            let allowed = try again.assess(request, time: .max)
            log.charge(allowed.leaf, logTime: 2_000)
            let release = try log.release([(request, 0)])
            #expect(try again.ask(.release, release).name == .timeWentBack)
            log.forget()
            log.time = 2_000
            #expect(try again.ask(.advance, log.advancePayload()).name == .timeWentBack)
            #expect(again.record.allowanceSpent == 0)
        }
        let last = try home.unlockWhileHeld().record
        let sealed = try home.sealAgain()
        _ = try sealed.ask(.recover, Self.recover(last, by: Array(Self.admins[1...2])))
        #expect(try sealed.unlock().kind == .unlocked)
        let after = try sealed.open()
        #expect(try after.status().value?.lastTime == 0)
        // The record still says what it said, until the recovery stands in the new log.
        #expect(after.record.lastTime == .max)
        let fresh = TestLog(homeID: home.homeID)
        fresh.number = 1
        fresh.time = 1_000
        try after.resume(fresh)
        #expect(after.record.lastTime == 1_000)
        _ = try after.pay(request, fresh)
        #expect(after.record.allowanceSpent == 60_000)
        #expect(try after.assess(request, time: 999).name == .timeWentBack)
        #expect(try home.unlockWhileHeld().record.lastTime == 1_000)
    }
}
