import Bytes
import Foundation
import Front
import LocalSocket
import Testing

@Suite("JSON frames")
struct JSONFrameTests {
    static let request = Framed(FrontRequest.sign(finalize: true), attachment: [1, 2, 3])

    private static func header(_ counts: Int...) -> [UInt8] {
        counts.flatMap { count in (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } }
    }

    @Test("What is written is read back, and the end is nothing")
    func roundTrip() throws {
        let ends = try DescriptorPair.make()
        try JSONFrame.write(Self.request, to: ends.first)
        try JSONFrame.write(Framed(FrontRequest.status), to: ends.first)
        #expect(
            try JSONFrame.read(FrontRequest.self, from: .front, on: ends.second) == Self.request
        )
        #expect(
            try JSONFrame.read(FrontRequest.self, from: .front, on: ends.second) == Framed(.status)
        )
        try ends.first.shutdownWriting()
        #expect(try JSONFrame.read(FrontRequest.self, from: .front, on: ends.second) == nil)
    }

    @Test("What is replaced travels in front of the PSBT, and is taken apart again")
    func replaced() throws {
        let commitment = Bytes32(repeating: 7)
        let payment = PaymentToSign(
            [9, 9],
            replacing: [
                .init(psbt: [1], commitment: nil), .init(psbt: [2, 3], commitment: commitment),
            ]
        )
        #expect(payment.attachment == [1, 2, 3, 9, 9])
        let ends = try DescriptorPair.make()
        let question = FrontRequest.sign(finalize: false, replaces: payment.replaces)
        try JSONFrame.write(Framed(question, attachment: payment.attachment), to: ends.first)
        let read = try JSONFrame.read(FrontRequest.self, from: .front, on: ends.second)
        #expect(read?.document == question)
        let again = try PaymentToSign(payment.attachment, payment.replaces)
        #expect(again.psbt == [9, 9] && again.replaced.map(\.psbt) == [[1], [2, 3]])
        #expect(again.replaced.map(\.commitment) == [nil, commitment])
        #expect(PaymentToSign([4], replacing: []).replaces == nil)
        for count in [-1, 6, Int.max] {
            #expect(throws: FrontError.self) {
                try PaymentToSign(payment.attachment, [ReplacedPSBT(byteCount: count)])
            }
        }
        #expect(throws: FrontError.self) {
            try PaymentToSign([1], [ReplacedPSBT(byteCount: 0, commitment: "07")])
        }
    }

    @Test("The bytes of a frame are those of docs/cli.md")
    func bytes() throws {
        let ends = try DescriptorPair.make()
        try JSONFrame.write(Self.request, to: ends.first)
        let body = Array(#"{"sign":{"finalize":true}}"#.utf8)
        let expected = Self.header(body.count, 3) + body + [1, 2, 3]
        var found = [UInt8](repeating: 0, count: expected.count)
        var room = found.mutableSpan
        try ends.second.readExactly(into: &room)
        #expect(found == expected)
    }

    @Test("Lengths over the limit are refused before anything behind them is read")
    func tooLong() throws {
        let most = JSONFrame.byteCountMax
        for counts in [(most + 1, 0), (0, most + 1), (1, most), (0xFFFF_FFFF, 0xFFFF_FFFF)] {
            let ends = try DescriptorPair.make()
            try ends.first.writeAll((Self.header(counts.0, counts.1) + [0x5A]).span)
            #expect(throws: FrontError.self) {
                try JSONFrame.read(FrontRequest.self, from: .front, on: ends.second)
            }
            var next: [UInt8] = [0]
            var room = next.mutableSpan
            try ends.second.readExactly(into: &room)
            #expect(next == [0x5A])
        }
    }

    @Test("A frame that is cut short is an error, at every place")
    func cutShort() throws {
        let whole = Self.header(13, 2) + Array(#"{"status":{}}"#.utf8) + [7, 7]
        for count in 1..<whole.count {
            let ends = try DescriptorPair.make()
            try ends.first.writeAll(whole.span.extracting(0..<count))
            try ends.first.shutdownWriting()
            #expect(throws: FrontError.self, "\(count)") {
                try JSONFrame.read(FrontRequest.self, from: .front, on: ends.second)
            }
        }
        let ends = try DescriptorPair.make()
        try ends.first.writeAll(whole.span)
        let read = try JSONFrame.read(FrontRequest.self, from: .front, on: ends.second)
        #expect(read == Framed(.status, attachment: [7, 7]))
    }

    @Test("Room grows with what arrives, not with what was announced")
    func room() throws {
        let ends = try DescriptorPair.make()
        var arriving = ArrivingBytes(JSONFrame.byteCountMax)
        var sent = 0
        for _ in 0..<40 {
            let piece = [UInt8](repeating: 9, count: 10_000)
            try ends.first.writeAll(piece.span)
            sent += piece.count
            while arriving.count < sent {
                let isOpen = try arriving.receive(from: ends.second)
                #expect(isOpen)
            }
            #expect(arriving.roomCount <= max(65_536, 2 * sent))
        }
        #expect(arriving.take() == [UInt8](repeating: 9, count: sent))
    }

    @Test("A request of no known kind is a usage error")
    func unknownRequest() throws {
        let ends = try DescriptorPair.make()
        try JSONFrame.write(Framed(["launch": ["now": true]]), to: ends.first)
        do {
            _ = try JSONFrame.read(FrontRequest.self, from: .front, on: ends.second)
            Issue.record("it was read")
        } catch {
            #expect(error.exitStatus == 2)
        }
    }

    @Test("Every failure crosses the socket and comes out the same")
    func failures() {
        let report = RefusalReport(name: "n", code: 3, stage: "s", message: "m", remedy: "r")
        for error in [
            FrontError.usage("u"), .failed("f"), .refused(report), .waiting(report),
        ] {
            #expect(FrontReply(error).error == error)
        }
        #expect(FrontReply.wallets([]).error == nil)
    }
}

@Suite("Processes as the kernel sees them")
struct ProcessFactsTests {
    static let status = """
        Name:\tportcullis-sign
        Uid:\t64101\t64101\t64101\t64101
        Gid:\t64101\t64101\t64101\t64101
        CapEff:\t0000000000000000
        CapBnd:\t0000000000000000
        NoNewPrivs:\t1
        Seccomp:\t2
        Seccomp_filters:\t2
        Threads:\t1
        """
    static let limits = """
        Limit                     Soft Limit           Hard Limit           Units
        Max file size             8192                 8192                 bytes
        Max core file size        0                    0                    bytes
        Max processes             0                    0                    processes
        Max open files            0                    0                    files
        """

    @Test("A confined process reads as confined")
    func confined() {
        let facts = ProcessFacts(name: "signer", status: Self.status, limits: Self.limits)
        #expect(facts.uid == 64_101 && facts.seccomp == 2 && facts.seccompFilters == 2)
        #expect(facts.noNewPrivs == 1 && facts.threads == 1)
        #expect(facts.coreLimit == "0" && facts.openFilesLimit == "0")
        #expect(facts.fileSizeLimit == "8192" && facts.processesLimit == "0")
    }

    @Test("What is missing is said in capitals")
    func unconfined() {
        var status = Self.status.replacingOccurrences(of: "Seccomp:\t2", with: "Seccomp:\t0")
        status = status.replacingOccurrences(of: "NoNewPrivs:\t1", with: "NoNewPrivs:\t0")
        status = status.replacingOccurrences(
            of: "CapEff:\t0000000000000000",
            with: "CapEff:\t000001ffffffffff"
        )
        var facts = ProcessFacts(name: "gate", status: status, limits: "")
        facts.pid = 7
        #expect(facts.words.contains("NO SYSTEM CALL FILTER"))
        #expect(facts.words.contains("NEW PRIVILEGES POSSIBLE"))
        #expect(facts.words.contains("CAPABILITIES 000001ffffffffff"))
    }

    @Test("A process that is not there says so")
    func absent() {
        let facts = ProcessFacts(ControlReply.Process(name: "front", pid: nil, restarts: 3))
        #expect(facts.words == "front: not running")
    }
}
