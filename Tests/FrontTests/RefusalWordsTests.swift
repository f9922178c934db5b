import Bytes
import Front
import Policy
import Testing
import Wire

@Suite("Words for refusals")
struct RefusalWordsTests {
    /// Every name there is, found by trying every code.
    static let names: [String] = (1...UInt16.max).compactMap { code in
        if let known = Refusal(rawValue: code) { return "\(known.name)" }
        if let known = PolicyRefusal(rawValue: code) { return "\(known.name)" }
        return nil
    }

    @Test("Every refusal has words and a remedy, and no words are left over")
    func everyRefusalHasWords() {
        #expect(Self.names.count > 70)
        #expect(Set(Self.names) == Set(RefusalWords.table.keys))
        for (name, words) in RefusalWords.table {
            #expect(words.message.count > 10, "\(name)")
            #expect(!words.message.hasSuffix("."), "\(name): the sentence is completed elsewhere")
            #expect(words.remedy.count > 5, "\(name)")
        }
    }

    @Test("A report tells the place and the numbers only where they mean something")
    func reportTellsNumbers() {
        let lied = RefusalWords.report(
            stage: "signer",
            RefusalDetail(.amountMismatch, index: 2, expected: 100, found: 99)
        )
        #expect(lied.name == "amount-mismatch")
        #expect(lied.subject == "input" && lied.index == 2)
        #expect(lied.expected == 100 && lied.found == 99)
        #expect(lied.lines.contains { $0.contains("input 2") })
        #expect(lied.lines.contains { $0.contains("100 sat") })

        let sealed = RefusalWords.report(stage: "gate", RefusalDetail(.notServing))
        #expect(sealed.subject == nil && sealed.index == nil)
        #expect(sealed.expected == nil && sealed.found == nil)
        #expect(sealed.remedy == "portcullis unlock")
    }

    @Test("A refusal of the policy has its own name")
    func policyRefusal() {
        let detail = RefusalDetail(rawCode: 201, index: 0, expected: 10, found: 11)
        #expect(RefusalWords.report(stage: "signer", detail).name == "outflow-over-maximum")
    }

    @Test("A code that this release does not know is reported, not hidden")
    func unknownCode() {
        let report = RefusalWords.report(stage: "gate", RefusalDetail(rawCode: 9_999))
        #expect(report.name == "code-9999")
        #expect(!report.remedy.isEmpty)
    }

    @Test("A refused payload with a byte too many or too few cannot be read")
    func payloadLength() throws {
        var payload = [UInt8](repeating: 0, count: RefusalDetail.byteCount)
        payload[0] = 150
        let report = try RefusalWords.report(stage: "signer", payload: payload)
        #expect(report.name == "wrong-passphrase")
        #expect(throws: FrontError.self) {
            try RefusalWords.report(stage: "signer", payload: payload + [0])
        }
        #expect(throws: FrontError.self) {
            try RefusalWords.report(stage: "signer", payload: [UInt8](payload.dropLast()))
        }
    }
}

@Suite("Amounts in words")
struct AmountTextTests {
    @Test(
        "Satoshi are grouped, bitcoin have eight places",
        arguments: [
            (0, "0 sat (0.00000000 BTC)"), (1, "1 sat (0.00000001 BTC)"),
            (999, "999 sat (0.00000999 BTC)"), (1_000, "1,000 sat (0.00001000 BTC)"),
            (100_000_000, "100,000,000 sat (1.00000000 BTC)"),
            (2_100_000_000_000_000, "2,100,000,000,000,000 sat (21000000.00000000 BTC)"),
        ] as [(UInt64, String)]
    )
    func words(satoshi: UInt64, text: String) {
        #expect(AmountText.words(satoshi) == text)
    }
}

@Suite("Exit statuses")
struct FrontErrorTests {
    @Test("Usage is 2, refused 3, waiting 4, anything else 1")
    func statuses() {
        let report = RefusalReport(name: "x", stage: "check", message: "m", remedy: "r")
        #expect(FrontError.usage("").exitStatus == 2)
        #expect(FrontError.refused(report).exitStatus == 3)
        #expect(FrontError.waiting(report).exitStatus == 4)
        #expect(FrontError.failed("").exitStatus == 1)
    }
}
