import Bytes
import Foundation
import Front
import Testing
import Wire

@Suite("Audit of a published log")
struct AuditTests {
    @Test("A good log is good, whatever its size", arguments: [1, 3, 255, 257, 511, 513, 700])
    func good(count: Int) throws {
        let log = try PublishedLog(leaves: SampleLeaves.good(count))
        defer { try? log.remove() }
        var kinds: [String] = []
        let audit = try LogAudit(
            folder: LogFolder(path: log.folder.path),
            number: 0,
            key: log.key
        ) { index, leaf, bytes in
            #expect(index == UInt64(kinds.count))
            #expect(bytes == log.leaves[kinds.count])
            kinds.append(leaf.kind)
        }
        #expect(audit.size == UInt64(log.leaves.count))
        #expect(audit.origin == PublishedLog.origin)
        #expect(audit.notes == 1 && audit.decisions == audit.charges)
        #expect(UInt64(kinds.count) == audit.size)
    }

    @Test("One flipped bit in any file is refused")
    func flippedBit() throws {
        let log = try PublishedLog(leaves: SampleLeaves.good(300))
        defer { try? log.remove() }
        let folder = LogFolder(path: log.folder.path)
        let files = try #require(
            FileManager.default.enumerator(at: log.folder, includingPropertiesForKeys: nil)
        ).compactMap { $0 as? URL }.filter { !$0.hasDirectoryPath }
        #expect(files.count == 6)
        for file in files {
            let original = try Data(contentsOf: file)
            for place in [0, original.count / 3, original.count / 2, original.count - 1] {
                var spoiled = original
                spoiled[place] ^= 1
                try spoiled.write(to: file)
                #expect(throws: FrontError.self, "\(file.lastPathComponent) at \(place)") {
                    try LogAudit(folder: folder, number: 0, key: log.key)
                }
            }
            try original.write(to: file)
        }
        _ = try LogAudit(folder: folder, number: 0, key: log.key)
    }

    @Test("Another key, and a missing file, are refused")
    func otherKey() throws {
        let log = try PublishedLog(leaves: SampleLeaves.good(5))
        defer { try? log.remove() }
        let folder = LogFolder(path: log.folder.path)
        let other = try Receipt.keyText(
            origin: Array(PublishedLog.origin.utf8),
            publicKey: [UInt8](repeating: 3, count: 32)
        )
        #expect(throws: FrontError.self) { try LogAudit(folder: folder, number: 0, key: other) }
        try FileManager.default.removeItem(at: log.folder.appending(path: "tile/0"))
        #expect(throws: FrontError.self) { try LogAudit(folder: folder, number: 0, key: log.key) }
    }

    @Test("A signed log whose entries stand in a forbidden order is refused")
    func order() throws {
        let decision = try SampleLeaves.decision(1)
        let good = [try SampleLeaves.asked(by: 1_000, 5), try SampleLeaves.charge(for: 0, 5)]
        let whole = try PublishedLog(leaves: good)
        defer { try? whole.remove() }
        let folder = LogFolder(path: whole.folder.path)
        #expect(try LogAudit(folder: folder, number: 0, key: whole.key).decisions == 1)
        let forbidden: [[[UInt8]]] = [
            [decision],
            [decision, try SampleLeaves.note(1)],
            [decision, try SampleLeaves.charge(for: 1, 1)],
            [try SampleLeaves.charge(for: 0, 1)],
            [try SampleLeaves.note(2), try SampleLeaves.note(1)],
            [try SampleLeaves.note(1) + [0]],
            // The charges of the samples are for user 1,000.
            [try SampleLeaves.asked(by: 1_001, 5), try SampleLeaves.charge(for: 0, 5)],
            [try SampleLeaves.asked(by: 1_000, 6), try SampleLeaves.charge(for: 0, 5)],
            [[]],
        ]
        for leaves in forbidden {
            let log = try PublishedLog(leaves: leaves)
            defer { try? log.remove() }
            #expect(throws: FrontError.self) {
                try LogAudit(
                    folder: LogFolder(path: log.folder.path),
                    number: 0,
                    key: log.key
                )
            }
        }
    }
}

@Suite("Receipts")
struct ReceiptTests {
    @Test("The receipt of every leaf verifies, with the log's key and with its own")
    func good() throws {
        let log = try PublishedLog(leaves: SampleLeaves.good(11))
        defer { try? log.remove() }
        for index in log.leaves.indices {
            let receipt = try Receipt(try log.receipt(of: index))
            #expect(receipt.index == UInt64(index) && receipt.leaf == log.leaves[index])
            #expect(receipt.size == UInt64(log.leaves.count))
            #expect(receipt.ownKey == log.key && receipt.origin == PublishedLog.origin)
            try receipt.verify(key: log.key)
        }
    }

    @Test("One flipped bit anywhere is refused")
    func flippedBit() throws {
        let log = try PublishedLog(leaves: SampleLeaves.good(11))
        defer { try? log.remove() }
        let good = try log.receipt(of: 5)
        for place in good.indices {
            var spoiled = good
            spoiled[place] ^= 1
            #expect(throws: FrontError.self, "at \(place)") {
                try Receipt(spoiled).verify(key: log.key)
            }
        }
    }

    @Test("A receipt signed by somebody else's key is whole, but not the log's")
    func otherKey() throws {
        let log = try PublishedLog(leaves: SampleLeaves.good(3))
        defer { try? log.remove() }
        let receipt = try Receipt(try log.receipt(of: 1))
        try receipt.verify(key: receipt.ownKey)
        let other = try Receipt.keyText(
            origin: Array(PublishedLog.origin.utf8),
            publicKey: [UInt8](repeating: 3, count: 32)
        )
        do {
            try receipt.verify(key: other)
            Issue.record("it verified")
        } catch {
            #expect(error.exitStatus == 3)
        }
        do {
            try receipt.verify(key: "not a key")
            Issue.record("it verified")
        } catch {
            #expect(error.exitStatus == 2)
        }
    }

    @Test("A refused decision reads as one, with the name of the refusal")
    func words() throws {
        let facts = try LeafFacts(reading: SampleLeaves.decision(1))
        #expect(facts.kind == "decision" && facts.verdict == "refuse")
        #expect(facts.refusal == "foreign-input" && facts.refusalIndex == 3)
        #expect(facts.txid == nil && facts.words.contains("foreign-input"))
        let charge = try LeafFacts(reading: SampleLeaves.charge(for: 4, 60))
        #expect(charge.words.contains("1970-01-01T00:01:00Z"))
    }
}
