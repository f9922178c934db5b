import BitcoinCrypto
import Bytes
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
        let leaf = try EventLeaf(reading: first.span)
        #expect(leaf.event == .refill)
        #expect(leaf.allowanceTotal == 500_000)
        #expect(leaf.allowanceSpent == 60_000)
        for event in events { log.append(event) }
        #expect(try again.ask(.advance, log.advancePayload()).kind == .advanced)
        log.commit()
        #expect(again.record.allowanceTotal == 500_000)
        #expect(again.record.allowanceSpent == 60_000)
        _ = try again.pay(try TestRequest(again, salt: 2), log)
        #expect(try home.unlockWhileHeld().record.allowanceSpent == 120_000)
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
        #expect(try sealed.unlock().kind == .unlocked)
        let again = try sealed.open()
        let status = try #require(try again.status().value)
        #expect(status.logNumber == 1)
        #expect(status.logSize == 0)
        let fresh = TestLog(homeID: home.homeID)
        fresh.number = 1
        let old = try again.ask(.resume, log.resumePayload())
        #expect(old.name == .frontierMismatch)
        let answer = try again.ask(.resume, fresh.resumePayload())
        let events = try TestLog.events(answer.payload)
        #expect(events.count == 2)
        let first = events[0]
        let leaf = try EventLeaf(reading: first.span)
        #expect(leaf.event == .recover)
        #expect(leaf.logNumber == lost.logNumber)
        #expect(leaf.logSize == lost.logSize)
        #expect(leaf.root == lost.root)
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
}
