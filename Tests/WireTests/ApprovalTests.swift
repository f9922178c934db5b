import BitcoinCrypto
import Bytes
import Foundation
import Policy
import TestSupport
import Testing
import Wire

@Suite("Approvals are judged")
struct ApprovalTests {
    let recorded: RecordedApproval
    /// As the leaf has it.
    private static let asked: UInt64 = 1_795_400_000_000_000_000

    init() throws {
        try BitcoinCrypto.initialize()
        recorded = try RecordedApproval.judged()
    }

    /// What these signatures make, so many seconds after the payment was asked for.
    private func verdict(_ blobs: [[UInt8]], after seconds: Int = 3_600) throws -> String? {
        try recorded.withText { text, bundle in
            var count = ApprovalCount(.approval, of: text.hashes(.approval))
            do throws(ApprovalFault) {
                for blob in blobs { _ = try count.add(blob.span, bundle) }
            } catch {
                return error.name
            }
            let now = UInt64(Int64(Self.asked) + Int64(seconds) * 1_000_000_000)
            guard let condition = bundle.rule(at: 0).approvals else { return nil }
            let fault = condition.approvalFault(
                count.persons,
                askedAt: Self.asked,
                now: now,
                bundle
            )
            return fault?.name ?? "satisfied"
        } ?? nil
    }

    @Test("Signatures of programs that are not ours count, or are refused by name")
    func cases() throws {
        let cases = try #require(recorded.cases)
        #expect(cases.count == 35)
        for known in cases {
            let found = try verdict(known.blobs.map { [UInt8](hex: $0) }, after: known.after)
            #expect(found == known.expected, "\(known.title)")
        }
        let names = Set(cases.map(\.expected))
        #expect(names.count == 11, "\(names)")
    }

    @Test("Whoever approves is told by name, and how many more there must be by number")
    func numbers() throws {
        let good = try #require(recorded.cases).first?.blobs.map { [UInt8](hex: $0) } ?? []
        let found = try recorded.withText { text, bundle in
            var count = ApprovalCount(.approval, of: text.hashes(.approval))
            var people: [Int] = []
            for blob in good { people.append(try count.add(blob.span, bundle)) }
            #expect(people == [0, 1, 2] && count.persons == 7)
            guard let condition = bundle.rule(at: 0).approvals else { return false }
            func fault(_ persons: UInt64, _ nanoseconds: UInt64) -> ApprovalFault? {
                condition.approvalFault(persons, askedAt: 5, now: 5 + nanoseconds, bundle)
            }
            let second: UInt64 = 1_000_000_000
            let wait = 3_600 * second
            #expect(fault(7, wait) == nil)
            #expect(fault(7, wait - 1) == .tooEarly(seconds: 3_599, wait: 3_600))
            #expect(fault(0, 86_400 * second - 1) == .missing(group: 1, expected: 1, found: 0))
            #expect(fault(7, 86_400 * second) == .expired(seconds: 86_400, expiry: 86_400))
            #expect(fault(5, wait) == .missing(group: 2, expected: 2, found: 1))
            #expect(fault(0b1101, wait) == .missing(group: 2, expected: 2, found: 1))
            return true
        }
        #expect(found == true)
    }

    @Test("A rejection is no approval, and an approval no rejection")
    func rejections() throws {
        let reject = try #require(recorded.reject).map { [UInt8](hex: $0) }
        let good = try #require(recorded.cases?.first?.blobs.first)
        _ = try recorded.withText { text, bundle in
            var count = ApprovalCount(.rejection, of: text.hashes(.rejection))
            var people: [Int] = []
            for blob in reject { people.append(try count.add(blob.span, bundle)) }
            #expect(people == [3, 2])
            #expect(throws: ApprovalFault.namespace) {
                try count.add([UInt8](hex: good).span, bundle)
            }
        }
        #expect(try verdict([reject[0]]) == "approval-namespace")
    }

    @Test("Cut at every length, and with every bit changed, none counts, and each is named")
    func spoiled() throws {
        let good = try #require(recorded.cases).first?.blobs.map { [UInt8](hex: $0) } ?? []
        #expect(good.count == 3)
        var tally: [String: Int] = [:]
        for blob in good {
            #expect(try verdict([blob]) == "approvals-missing")
            for count in 0..<blob.count {
                #expect(try verdict([Array(blob.prefix(count))]) == "approval-malformed")
            }
            #expect(try verdict([blob + [0]]) == "approval-malformed")
            _ = try recorded.withText { text, bundle in
                let hashes = text.hashes(.approval)
                for place in blob.indices {
                    for bit in 0..<8 {
                        var bytes = blob
                        bytes[place] ^= 1 << UInt8(bit)
                        var count = ApprovalCount(.approval, of: hashes)
                        do throws(ApprovalFault) {
                            _ = try count.add(bytes.span, bundle)
                            Issue.record("byte \(place), bit \(bit) counts")
                        } catch {
                            tally[error.name, default: 0] += 1
                        }
                    }
                }
            }
        }
        let names: Set = [
            "approval-malformed", "approval-namespace", "approval-unknown-key",
            "approval-signature",
        ]
        #expect(Set(tally.keys) == names, "\(tally)")
    }

    @Test("Real signatures of ssh-keygen count, with either hash; of another text they do not")
    func real() throws {
        guard SSHKeygen.present else { return }
        let tool = try SSHKeygen()
        let key = try tool.makeKey("alice")
        var sample = SampleBundle()
        sample.extend(approvers: SampleApprovers([.init("alice", [(UInt8(0), key)])], [("all", 1)]))
        let bytes = sample.bytes
        let text = Array(recorded.approval.utf8)
        for hash in ["sha256", "sha512"] {
            let blob = try tool.sign(
                text,
                key: "alice",
                namespace: "portcullis-approval",
                hash: hash
            )
            let bundle = try CheckedBundle(checking: bytes.span)
            var count = ApprovalCount(.approval, of: MessageHashes(of: text.span))
            let person = try count.add(blob.span, bundle)
            #expect(person == 0)
            #expect(throws: ApprovalFault.samePerson) { try count.add(blob.span, bundle) }
            let foreign = text + [10]
            var other = ApprovalCount(.approval, of: MessageHashes(of: foreign.span))
            #expect(throws: ApprovalFault.signature) { try other.add(blob.span, bundle) }
            #expect(other.persons == 0)
        }
        for type in ["rsa", "ecdsa"] {
            _ = try tool.makeKey(type, type: type)
            let blob = try tool.sign(text, key: type, namespace: "portcullis-approval")
            let bundle = try CheckedBundle(checking: bytes.span)
            var count = ApprovalCount(.approval, of: MessageHashes(of: text.span))
            #expect(throws: ApprovalFault.unknownKey) { try count.add(blob.span, bundle) }
        }
    }

    @Test("ssh-keygen -Y verify takes every signature of the software authenticator that we take")
    func judge() throws {
        guard SSHKeygen.present else { return }
        let tool = try SSHKeygen()
        let keys = try #require(recorded.keys)
        let text = Array(recorded.approval.utf8)
        var tally: [String: Int] = [:]
        for known in try #require(recorded.cases) where known.blobs.count == 1 {
            let blob = [UInt8](hex: known.blobs[0])
            let isTaken = try tool.isTaken(blob, of: text, "portcullis-approval", keys)
            // It knows nothing of persons and quorums, and asks for no touch unless told to.
            switch known.expected {
            case "approvals-missing", "approval-without-touch", "approval-without-verification":
                #expect(isTaken, "\(known.title)")
            case _: #expect(!isTaken, "\(known.title)")
            }
            tally[isTaken ? "taken" : "refused", default: 0] += 1
        }
        for known in try #require(recorded.cases) where known.expected == "satisfied" {
            for blob in known.blobs {
                let isTaken = try tool.isTaken(
                    [UInt8](hex: blob),
                    of: text,
                    "portcullis-approval",
                    keys
                )
                #expect(isTaken, "\(known.title)")
            }
        }
        #expect(tally["taken", default: 0] >= 3 && tally["refused", default: 0] >= 12, "\(tally)")
    }
}
