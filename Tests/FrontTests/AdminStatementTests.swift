import Foundation
import Front
import Testing

@Suite("Statements that admins sign")
struct AdminStatementTests {
    /// A slot of the state file with a sequence and a log size (protocol.md, section 7).
    static func slot(sequence: UInt64, logSize: UInt64) -> [UInt8] {
        func number(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
        }
        var slot = Array("PCSTATE1".utf8) + number(1, 4) + number(1, 4) + number(sequence, 8)
        slot += [UInt8](repeating: 0xAB, count: 32) + number(4, 4) + number(3, 4)
        slot += number(logSize, 8) + [UInt8](repeating: 0xCD, count: 32) + number(5, 8)
        slot += [UInt8](repeating: 0xEF, count: 32) + number(99, 8)
        slot += number(1_000, 8) + number(400, 8)
        return slot + [UInt8](repeating: 0, count: StateFacts.slotByteCount - slot.count)
    }

    @Test("The newer of the two slots counts, wherever it lies")
    func newerSlot() throws {
        let older = Self.slot(sequence: 6, logSize: 60)
        let newer = Self.slot(sequence: 7, logSize: 70)
        for file in [older + newer, newer + older] {
            let facts = try StateFacts(reading: file)
            #expect(facts.logSize == 70 && facts.logNumber == 3 && facts.epoch == 5)
            #expect(facts.allowanceTotal == 1_000 && facts.allowanceSpent == 400)
        }
    }

    @Test("A slot that was never written does not count; without any there is no record")
    func emptySlots() throws {
        let empty = [UInt8](repeating: 0, count: StateFacts.slotByteCount)
        let one = Self.slot(sequence: 2, logSize: 20)
        #expect(try StateFacts(reading: empty + one).logSize == 20)
        #expect(throws: FrontError.self) { try StateFacts(reading: empty + empty) }
        #expect(throws: FrontError.self) { try StateFacts(reading: one) }
    }

    @Test("The texts are those of the protocol, to the byte")
    func texts() throws {
        let empty = [UInt8](repeating: 0, count: StateFacts.slotByteCount)
        let facts = try StateFacts(reading: Self.slot(sequence: 1, logSize: 12) + empty)
        let home = String(repeating: "ab", count: 32)
        let root = String(repeating: "cd", count: 32)
        let place = "home \(home) log 3\nsize 12 root \(root)\nepoch 5\n"
        #expect(
            AdminStatement(.refill(newTotal: 2_500), facts).text
                == "portcullis refill\n" + place + "allowance 2500 sat\n"
        )
        #expect(AdminStatement(.recover, facts).text == "portcullis recover\n" + place)
    }

    @Test("The payload carries the total first, then every signature with its length")
    func payload() throws {
        let empty = [UInt8](repeating: 0, count: StateFacts.slotByteCount)
        let facts = try StateFacts(reading: Self.slot(sequence: 1, logSize: 12) + empty)
        let signatures: [[UInt8]] = [[1, 2, 3], [4]]
        let tail: [UInt8] = [2, 3, 0, 1, 2, 3, 1, 0, 4]
        #expect(try AdminStatement(.recover, facts).payload(signatures: signatures) == tail)
        #expect(
            try AdminStatement(.refill(newTotal: 258), facts).payload(signatures: signatures)
                == [2, 1, 0, 0, 0, 0, 0, 0] + tail
        )
    }

    @Test("An armored signature is opened; anything else is a usage error")
    func armor() throws {
        let text = """
            -----BEGIN SSH SIGNATURE-----
            U1NI
            U0lH
            -----END SSH SIGNATURE-----

            """
        #expect(try AdminStatement.signature(armored: Array(text.utf8)) == Array("SSHSIG".utf8))
        for bad in ["", "U1NI", text.replacingOccurrences(of: "END", with: "FIN")] {
            #expect(throws: FrontError.self) {
                try AdminStatement.signature(armored: Array(bad.utf8))
            }
        }
    }
}
