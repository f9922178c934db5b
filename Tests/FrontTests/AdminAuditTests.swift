import BitcoinCrypto
import Bytes
import Foundation
import Front
import TestSupport
import Testing
import Wire

@Suite("Audit of what admins allowed")
struct AdminAuditTests {
    /// An admin who signs as `ssh-keygen -Y sign` does.
    private struct Admin {
        let wireKey: [UInt8]
        private let secret: [UInt8]

        init(_ number: UInt8) throws {
            try BitcoinCrypto.initialize()
            var secret = [UInt8](repeating: 0, count: Ed25519.secretKeyCount)
            var room = secret.mutableSpan
            let seed = [UInt8](repeating: number, count: 32)
            let key = Ed25519.makeKey(seed: seed.span, into: &room)
            wireKey = SampleBundle.adminKey([UInt8](copying: key.span))
            self.secret = secret
        }

        func sign(_ text: StatementText) -> [UInt8] {
            let hash = [UInt8](copying: SHA512.hash(text.bytes).span)
            let subject = string("portcullis-admin") + string("") + string("sha512")
            let signed = Array("SSHSIG".utf8) + subject + string(hash)
            let signature = Ed25519.sign(message: signed.span, secretKey: secret.span)
            let raw = string("ssh-ed25519") + string([UInt8](copying: signature.span))
            return Array("SSHSIG".utf8) + [0, 0, 0, 1] + string(wireKey) + subject + string(raw)
        }

        private func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }

        private func string(_ bytes: [UInt8]) -> [UInt8] {
            [0, 0, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
        }
    }

    private let admins: [Admin]
    private let bundle: SampleBundle

    init() throws {
        admins = try [1, 2, 3].map { try Admin($0) }
        var bundle = SampleBundle()
        bundle.adminThreshold = 2
        bundle.adminKeys = admins.map(\.wireKey).sorted { $0.lexicographicallyPrecedes($1) }
        self.bundle = bundle
    }

    /// An event leaf; `says` is what the admins signed, if it is another total.
    private func leaf(
        _ event: SignerEvent,
        by signers: [Admin],
        says: UInt64? = nil,
        epoch: UInt64 = 1,
        bundleHash: Bytes32? = nil
    ) throws -> [UInt8] {
        let bytes = bundle.bytes
        let place = StatementPlace(
            homeID: Bytes32(repeating: 5),
            logNumber: 0,
            logSize: 41,
            root: Bytes32(repeating: 6),
            epoch: epoch
        )
        let head = EventHead(
            salt: Bytes16(repeating: 8),
            event: event,
            place: place,
            bundleHash: bundleHash ?? TaggedHash.hash(tag: "portcullis/bundle/1", bytes.span),
            allowanceTotal: 900_000,
            allowanceSpent: 100,
            kernel: 0
        )
        let text =
            event == .recover
            ? StatementText.recover(place) : .refill(place, newTotal: says ?? 900_000)
        return try [UInt8].written(limit: 10_000) { writer throws(ByteError) in
            try head.write(to: &writer)
            try writer.writeUInt16(UInt16(signers.count))
            for signer in signers {
                let signature = signer.sign(text)
                try writer.writeVec16(signature.span)
            }
            try writer.write(Bytes32(repeating: 0x7A))
        }
    }

    /// What the audit of a log with this leaf in it finds; the log's own signature is good.
    private func audit(_ leaf: [UInt8], withAdmins: Bool = true) throws -> LogAudit {
        let log = try PublishedLog(leaves: try SampleLeaves.good(3) + [leaf])
        defer { try? log.remove() }
        return try LogAudit(
            folder: LogFolder(path: log.folder.path),
            number: 0,
            key: log.key,
            admins: withAdmins ? try AdminAudit(bundle: bundle.bytes, policyHash: nil) : nil
        )
    }

    @Test("A refill and a recovery that enough admins signed are good", arguments: [2, 3])
    func good(count: Int) throws {
        for event in [SignerEvent.refill, .recover] {
            let found = try audit(try leaf(event, by: Array(admins[0..<count])))
            #expect(found.adminEvents == 1 && found.events == 1 && found.adminsChecked)
        }
        let unlock = try audit(try leaf(.unlock, by: []))
        #expect(unlock.adminEvents == 0 && unlock.events == 1)
    }

    @Test("A signer that says admins allowed what they did not is found out")
    func forged() throws {
        let stranger = try Admin(9)
        let forged = [
            try leaf(.refill, by: []),
            try leaf(.refill, by: [admins[0]]),
            try leaf(.refill, by: [admins[0], admins[0]]),
            try leaf(.refill, by: [admins[0], stranger]),
            try leaf(.refill, by: admins + [stranger]),
            try leaf(.refill, by: admins, says: 899_999),
            try leaf(.recover, by: []),
            try leaf(.recover, by: admins, epoch: 2),
            try leaf(.refill, by: admins, bundleHash: Bytes32(repeating: 1)),
        ]
        for (number, leaf) in forged.enumerated() {
            #expect(throws: FrontError.self, "leaf \(number)") { try audit(leaf) }
            // Without the policy it goes through, and the result says that nobody looked.
            let unchecked = try audit(leaf, withAdmins: false)
            #expect(!unchecked.adminsChecked && unchecked.adminEvents == 1)
        }
    }

    @Test("What `refill` is about to hand to the signer is judged as the signer judges it")
    func statement() throws {
        let empty = [UInt8](repeating: 0, count: StateFacts.slotByteCount)
        let slot = AdminStatementTests.slot(sequence: 1, logSize: 12)
        let facts = try StateFacts(reading: slot + empty)
        let audit = try AdminAudit(bundle: bundle.bytes, policyHash: nil)
        let place = StatementPlace(
            homeID: facts.homeID,
            logNumber: facts.logNumber,
            logSize: facts.logSize,
            root: facts.root,
            epoch: facts.epoch
        )
        let text = StatementText.refill(place, newTotal: 5)
        func isDecided(_ signers: [Admin], total: UInt64 = 5) throws -> Bool {
            let statement = AdminStatement(.refill(newTotal: total), facts)
            return try audit.isDecided(statement, by: signers.map { $0.sign(text) })
        }
        #expect(try !isDecided([]))
        #expect(try !isDecided([admins[1]]))
        #expect(try !isDecided([admins[1], admins[1]]))
        #expect(try isDecided([admins[2], admins[0]]))
        #expect(try isDecided(admins))
        let stranger = try Admin(9)
        for wrong in [[stranger], [admins[0], stranger], admins + [stranger]] {
            #expect(throws: FrontError.self) { try isDecided(wrong) }
        }
        #expect(throws: FrontError.self) { try isDecided(admins, total: 6) }
        let recover = AdminStatement(.recover, facts)
        #expect(throws: FrontError.self) {
            try audit.isDecided(recover, by: admins.map { $0.sign(text) })
        }
        // A public key as ssh-keygen keeps it.
        for (admin, isOne) in admins.map({ ($0, true) }) + [(stranger, false)] {
            let line = "ssh-ed25519 \(Data(admin.wireKey).base64EncodedString()) somebody\n"
            #expect(try audit.isAdmin(Array(line.utf8)) == isOne)
        }
        for line in ["", "ssh-ed25519", "ssh-ed25519 !!!!", "AAAA"] {
            #expect(try !audit.isAdmin(Array(line.utf8)))
        }
    }

    @Test("A bundle that is not the one which the home names is not asked")
    func otherBundle() throws {
        let hash = try BundleFacts(reading: bundle.bytes).hash
        _ = try AdminAudit(bundle: bundle.bytes, policyHash: hash)
        var other = bundle
        other.adminThreshold = 1
        #expect(throws: FrontError.self) {
            try AdminAudit(bundle: other.bytes, policyHash: hash)
        }
    }
}
