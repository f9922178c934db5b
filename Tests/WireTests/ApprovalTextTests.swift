import BitcoinCrypto
import Bytes
import Foundation
import Policy
import TestSupport
import Testing
import Wire

@Suite("The text that people approve")
struct ApprovalTextTests {
    init() throws {
        try BitcoinCrypto.initialize()
    }

    @Test("It is, byte for byte, what a program that is not ours makes of leaf and bundle")
    func recorded() throws {
        var (lines, count) = (Set<String>(), 0)
        for recorded in try RecordedApproval.all() {
            for (kind, expected) in [
                (ApprovalKind.approval, recorded.approval), (.rejection, recorded.rejection),
            ] {
                let found = try recorded.withText { text, _ in
                    var shown = ShownText()
                    text.write(kind, to: &shown)
                    let whole = MessageHashes(of: shown.bytes.span)
                    #expect(text.hashes(kind) == whole, "what is hashed is what is shown")
                    return shown.text
                }
                #expect(found == expected, "\(recorded.title)")
                count += 1
                let split = expected.split(separator: "\n")
                lines.formUnion(split.map { String($0.prefix { $0 != " " }) })
            }
        }
        #expect(count == 82)
        for word in ["pays", "replaces", "others", "rule", "returns", "leaves", "fee", "asked"] {
            #expect(lines.contains(word), "\(word) of \(lines)")
        }
    }

    @Test("Nothing that somebody chose makes a line, a field, or an invisible character")
    func injection() throws {
        let known: Set<String> = [
            "portcullis", "network", "home", "policy", "request", "asked", "wallet", "pays", "fee",
            "leaves", "returns", "others", "replaces", "rule",
        ]
        var escapes = 0
        for recorded in try RecordedApproval.all() {
            let shown = try recorded.withText { text, _ in
                var shown = ShownText()
                text.write(.approval, to: &shown)
                return shown.bytes
            }
            let bytes = try #require(shown)
            #expect(bytes.allSatisfy { (0x20...0x7e).contains($0) || $0 == 0x0a })
            let text = String(decoding: bytes, as: UTF8.self)
            escapes += text.components(separatedBy: "\\x").count - 1
            let destinations = text.split(separator: "\n").filter { $0.hasPrefix("pays ") }.count
            let leafBytes = [UInt8](hex: recorded.leaf)
            let leaf = try DecisionLeaf(reading: leafBytes.span)
            #expect(destinations == leaf.destinations.left)
            for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                #expect(known.contains(line.prefix { $0 != " " } + ""), "\(line)")
            }
        }
        #expect(escapes > 100, "\(escapes)")
    }

    @Test("Every byte of a name is told apart, and the worst one stays in its field")
    func names() {
        var seen: Set<String> = []
        for byte in 0...255 as ClosedRange<UInt8> {
            var shown = ShownText()
            shown.put(name: [byte].span)
            #expect(seen.insert(shown.text).inserted)
            #expect(!shown.text.contains { " ,\n\t[]".contains($0) })
        }
        var (first, second) = (ShownText(), ShownText())
        first.put(name: Array("\\x41".utf8).span)
        second.put(name: Array("A".utf8).span)
        #expect(first.text == "\\x5cx41" && second.text == "A")
    }

    @Test("Numbers, times and durations at their edges")
    func quantities() {
        func shown(_ body: (inout ShownText) -> Void) -> String {
            var text = ShownText()
            body(&text)
            return text.text
        }
        for (number, digits, expected) in [
            (0, 1, "0"), (9, 1, "9"), (10, 1, "10"), (.max, 1, "18446744073709551615"),
            (0, 8, "00000000"), (7, 2, "07"), (123, 2, "123"), (99_999_999, 8, "99999999"),
        ] as [(UInt64, Int, String)] {
            #expect(shown { $0.put(decimal: number, digits: digits) } == expected)
        }
        for (seconds, expected) in [
            (0, "0s"), (1, "1s"), (60, "1m"), (3_661, "1h1m1s"), (86_400, "1d"),
            (2_592_000, "30d"), (90_000, "1d1h"),
        ] as [(UInt32, String)] {
            #expect(shown { $0.put(duration: seconds) } == expected)
        }
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"),
            (951_868_800, "2000-03-01T00:00:00Z"), (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] as [(UInt64, String)] {
            #expect(shown { $0.put(utc: seconds * 1_000_000_000 + 999_999_999) } == expected)
        }
        #expect(shown { $0.put(utc: .max) } == "2554-07-21T23:34:33Z")
    }

    @Test("There is no text of another policy's leaf, of another decision, or of a message")
    func none() throws {
        let recorded = try RecordedApproval.judged()
        let leaf = [UInt8](hex: recorded.leaf)
        func exists(_ change: (inout [UInt8]) -> Void, hash: Bytes32? = nil) throws -> Bool {
            var bytes = leaf
            change(&bytes)
            return try recorded.withText(leaf: bytes, hash: hash) { _, _ in true } ?? false
        }
        #expect(try exists { _ in })
        #expect(try !exists({ _ in }, hash: .zero))
        for verdict in [1, 2] as [UInt8] { #expect(try !exists { $0[18] = verdict }) }
        // 18 header, 23 verdict and refusal, 32 digest: the bundle's hash, then the network.
        #expect(try !exists { $0[73] ^= 1 })
        #expect(try !exists { $0[105] = 0 })
        // 1 bits, 14 who asks, 32 txid, 20 amounts and size, 36 anchor, 34 inputs: the wallet.
        #expect(try !exists { $0[243] ^= 1 })
        // 32 wallet, 10 own outputs, 2 + 8 + 2 + 22 one destination, 2 count: the rule.
        #expect(try !exists { $0[321] = 1 })
        #expect(try !exists { $0[322] = 0xff })
    }
}
