import Bytes
import Gate
import TestSupport
import Testing
import Transparency
import Wire

@Suite("The gate's server")
struct GateServerTests {
    private static func sample(_ number: Int, amount: UInt64 = 10) -> ResolvedSample {
        ResolvedSample(spending: [number], amount: amount)
    }

    @Test("The first start begins a log: the signer's events, then the start")
    func firstStart() throws {
        let bench = try GateBench()
        let event = [UInt8](repeating: 0, count: EventHead.byteCount + 2 + 32)
        bench.signer.events = [[6, 1] + event[2..<18] + [1] + event[19...]]
        try bench.start()
        let leaves = try bench.leaves()
        #expect(leaves.map { $0[0] } == [6, 5])
        #expect(bench.signer.size == 2)
        #expect(bench.signer.asked == [.resume, .advance])
    }

    @Test("A request is charged, durable, signed, and answered with a receipt that verifies")
    func request() throws {
        let bench = try GateBench.serving()
        let sample = Self.sample(1)
        let reply = try bench.answer(sample)
        #expect(reply.kind == .signed)
        #expect(reply.payload[0] == 0)
        #expect(reply.payload[1] == 1)
        #expect(reply.payload[3..<67].allSatisfy { $0 == sample.digest[0] })
        let receipt = [UInt8](reply.payload[71...])
        let leaves = try bench.leaves()
        let notes = try #require(CheckpointNotes(bench.signer.status))
        let key = try VerifierKey(name: notes.origin.bytes, publicKey: notes.auditKey)
        let proof = try TlogProof(receipt.span)
        #expect(proof.index == 1)
        let decision = leaves[1]
        try proof.verify(leafHash: Merkle.leafHash(decision.span), key: key)
        let charge = try #require(try bench.charges().last)
        #expect(charge.outcome == .charged && charge.decisionIndex == 1)
        #expect(charge.group == sample.inputs[0] && charge.requester == 1_000)
    }

    @Test("A single request costs one write and one flush here, and one frame each way twice")
    func twoFlushes() throws {
        let bench = try GateBench.serving()
        _ = try bench.answer(Self.sample(1))
        let (calls, flushes) = (try bench.journal.calls, try bench.journal.flushes)
        let asked = bench.signer.asked.count
        _ = try bench.answer(Self.sample(2))
        #expect(try bench.journal.calls == calls + 2)
        #expect(try bench.journal.flushes == flushes + 1)
        #expect(bench.signer.asked.dropFirst(asked) == [.assess, .release])
    }

    @Test("Many clients share one flush and one release of at most 64 entries")
    func groupCommit() throws {
        let bench = try GateBench.serving(store: MemoryStore(ahead: 1 << 20))
        let flushes = try bench.journal.flushes
        for number in 0..<200 {
            try bench.ask(Self.sample(number), client: ClientID(number))
        }
        try bench.settle()
        #expect(bench.replies.filter { $0.kind == .signed }.count == 200)
        #expect(bench.signer.releases == [64, 64, 64, 8])
        #expect(try bench.journal.flushes == flushes + 4)
        #expect(Set(bench.replies.map(\.client)).count == 200)
    }

    @Test(
        "Who asks for much keeps nobody else waiting, only itself",
        arguments: [(1_001, 1), (1_000, 300)]
    )
    func turns(requester: UInt32, place: Int) throws {
        let bench = try GateBench.serving(store: MemoryStore(ahead: 1 << 20))
        for number in 0..<300 {
            try bench.ask(Self.sample(number), client: ClientID(number))
        }
        try bench.ask(Self.sample(300), client: 300, requester: requester)
        try bench.settle()
        #expect(bench.signer.signed.count == 301)
        #expect(bench.signer.signed.firstIndex(of: Self.sample(300).digest.array) == place)
        #expect(bench.replies.filter { $0.kind == .signed }.count == 301)
    }

    @Test("A request with the mark of a batch in it never reaches the journal", arguments: [0, 7])
    func journalMark(code: UInt16) throws {
        let bench = try GateBench.serving()
        bench.signer.refusalCode = { _ in code }
        let mark = Array("..PCBATCH1".utf8) + [UInt8](repeating: 1, count: 22)
        let outpoint = LeafOutpoint(txid: Bytes32(copying: mark.span), vout: 0)
        let size = try bench.leaves().count
        let reply = try bench.answer(ResolvedSample(spending: [outpoint], amount: 10))
        #expect(reply.refusal == [3, 310])
        #expect(try bench.leaves().count == size)
        #expect(bench.signer.signed.isEmpty)
        bench.clock.pass(seconds: 61)
        try bench.settle()
        let counted = try #require(try bench.leaves().last { $0[0] == 4 })
        #expect(try CoalescedLeaf(reading: counted.span).code == 310)
        // One byte less is nothing special.
        bench.signer.refusalCode = { _ in 0 }
        let near = Array("..PCBATCH2".utf8) + [UInt8](repeating: 1, count: 22)
        let other = LeafOutpoint(txid: Bytes32(copying: near.span), vout: 0)
        let answer = try bench.answer(ResolvedSample(spending: [other], amount: 10))
        #expect(answer.kind == .signed)
    }

    @Test("The same request again is signed again and charged to nothing")
    func retry() throws {
        let bench = try GateBench.serving()
        let first = try bench.answer(Self.sample(1))
        let leaves = try bench.leaves().count
        let second = try bench.answer(Self.sample(1), client: 2)
        #expect(second.kind == .signed && second.payload[0] == 1)
        #expect(second.payload[3..<67] == first.payload[3..<67])
        #expect(try bench.leaves().count == leaves)
        // And after a restart, from the log alone.
        let again = try bench.restarted()
        let third = try again.answer(Self.sample(1), client: 3)
        #expect(third.payload[0] == 1)
        #expect(try again.charges().count == 1)
    }

    @Test("Identical requests in flight are joined, and equal digests in one batch charged once")
    func joined() throws {
        let bench = try GateBench.serving()
        for client in 1...3 { try bench.ask(Self.sample(1), client: ClientID(client)) }
        // Other parents, the same resolved request.
        try bench.ask(Self.sample(1), client: 4, parents: [1, 0, 0, 0, 0, 0])
        try bench.settle()
        #expect(bench.replies.filter { $0.kind == .signed }.count == 4)
        #expect(bench.signer.asked.filter { $0 == .assess }.count == 2)
        #expect(try bench.charges().count == 1)
        #expect(bench.replies.map { $0.payload[0] }.sorted() == [0, 0, 0, 1])
    }

    @Test("Over a limit nothing is signed, and the refusal is in the log before it is told")
    func limit() throws {
        let bench = try GateBench.serving()
        #expect(try bench.answer(Self.sample(1, amount: 6_000)).kind == .signed)
        #expect(try bench.answer(Self.sample(2, amount: 4_001)).refusal == [2, 300])
        let charge = try #require(try bench.charges().last)
        #expect(charge.outcome == .limitExceeded && charge.limit == 0)
        #expect(charge.rule == ChargeLeaf.none)
        #expect(try bench.answer(Self.sample(3, amount: 4_000)).kind == .signed)
        #expect(bench.signer.signed.count == 2)
        // The window passes; the same is signed now.
        bench.clock.pass(seconds: 3_600)
        #expect(try bench.answer(Self.sample(2, amount: 4_001)).kind == .signed)
    }

    @Test("A replacement is charged the larger amount of its group, not the sum")
    func replacement() throws {
        let bench = try GateBench.serving()
        #expect(try bench.answer(Self.sample(1, amount: 8_000)).kind == .signed)
        let bumped = ResolvedSample(spending: [1, 7], amount: 9_000)
        #expect(try bench.answer(bumped).kind == .signed)
        #expect(try bench.charges().map(\.group) == [bumped.inputs[0], bumped.inputs[0]])
        #expect(try bench.answer(Self.sample(2, amount: 1_000)).kind == .signed)
        #expect(try bench.answer(Self.sample(3, amount: 1)).refusal == [2, 300])
    }

    @Test("What the signer refuses is logged ten times a minute, then counted exactly")
    func flood() throws {
        let bench = try GateBench.serving()
        bench.signer.refusalCode = { _ in 23 }
        for number in 0..<50 {
            #expect(try bench.answer(Self.sample(number)).refusal == [1, 23])
        }
        #expect(try bench.charges().filter { $0.outcome == .refusedBySigner }.count == 10)
        bench.clock.pass(seconds: 60)
        try bench.settle()
        let coalesced = try bench.leaves().filter { $0[0] == 4 }
            .map { try CoalescedLeaf(reading: $0.span) }
        #expect(coalesced.map(\.count) == [40])
        #expect(coalesced.map(\.code) == [23])
        #expect(bench.signer.signed.isEmpty)
    }

    @Test("Refusals and heartbeats are checkpointed within a second or so")
    func advance() throws {
        let bench = try GateBench.serving()
        bench.signer.refusalCode = { _ in 23 }
        _ = try bench.answer(Self.sample(1))
        let size = UInt64(try bench.leaves().count)
        #expect(bench.signer.size == size - 2)
        bench.clock.pass(seconds: 1)
        try bench.settle()
        #expect(bench.signer.size == size)
        bench.clock.pass(seconds: 60)
        try bench.settle()
        bench.clock.pass(seconds: 1)
        try bench.settle()
        let last = try #require(try bench.leaves().last)
        #expect(last[0] == 5 && last[18] == NoteEvent.heartbeat.rawValue)
        #expect(bench.signer.size == size + 1)
    }

    @Test("A step of the wall clock stands in the log and buys no budget")
    func clockStep() throws {
        let bench = try GateBench.serving()
        #expect(try bench.answer(Self.sample(1, amount: 10_000)).kind == .signed)
        bench.clock.now.realtime += 7_200_000_000_000
        try bench.settle()
        let last = try #require(try bench.leaves().last)
        #expect(last[0] == 5 && last[18] == NoteEvent.clockStep.rawValue)
        #expect(try bench.answer(Self.sample(2, amount: 1)).refusal == [2, 300])
    }

    @Test("Over the allowance nothing is charged to a limit")
    func allowance() throws {
        let signer = FakeSigner(bundleHash: GateBench.bundleHash, allowance: 5_000)
        let bench = try GateBench.serving(signer: signer)
        #expect(try bench.answer(Self.sample(1, amount: 5_001)).refusal == [1, 164])
        #expect(try bench.charges().map(\.outcome) == [.refusedBySigner])
        #expect(try bench.answer(Self.sample(2, amount: 5_000)).kind == .signed)
        #expect(try bench.answer(Self.sample(3, amount: 1)).refusal == [1, 164])
    }

    @Test("A release that is refused as a whole is tried one by one")
    func releaseRefused() throws {
        let bench = try GateBench.serving()
        bench.signer.refusesRelease = { $0 > 1 ? 164 : nil }
        for number in 0..<5 {
            try bench.ask(Self.sample(number), client: ClientID(number))
        }
        try bench.settle()
        #expect(bench.signer.releases == [5, 1, 1, 1, 1, 1])
        #expect(bench.replies.filter { $0.kind == .signed }.count == 5)
        #expect(try bench.charges().count == 5)
        bench.signer.refusesRelease = { _ in 164 }
        #expect(try bench.answer(Self.sample(9)).refusal == [1, 164])
        // Charged, and charged it stays; released when it can be.
        bench.signer.refusesRelease = { _ in nil }
        #expect(try bench.answer(Self.sample(9)).payload[0] == 1)
    }

    @Test("Before the signer has greeted nothing is served but the status")
    func waiting() throws {
        let bench = try GateBench()
        #expect(try bench.answer(Self.sample(1)).refusal == [3, 304])
        bench.replies = []
        try bench.server.receive(Frame(.gateStatus, []), from: 1, requester: 1_000)
        try bench.settle()
        let status = try #require(bench.replies.first)
        #expect(status.kind == .gateStatusReply && status.payload[0] == 0)
    }

    @Test("The status tells the log's size and what is in use of every limit")
    func status() throws {
        let bench = try GateBench.serving()
        _ = try bench.answer(Self.sample(1, amount: 700))
        bench.replies = []
        try bench.server.receive(Frame(.gateStatus, []), from: 1, requester: 1_000)
        try bench.settle()
        let payload = try #require(bench.replies.first).payload
        var reader = ByteReader(payload.span)
        #expect(try reader.readUInt8() == 1)
        let status = try SignerStatus(reading: try reader.readVec16())
        #expect(status.phase == .ready)
        let numbers = [
            try reader.readUInt64(), UInt64(try reader.readUInt16()), try reader.readUInt64(),
            UInt64(try reader.readUInt32()), try reader.readUInt64(),
        ]
        #expect(numbers == [3, 1, 700, 1, 50_000_000_000])
        try reader.finish()
    }

    @Test("Addresses and account keys of the one right size are passed through, of no other")
    func keys() throws {
        let bench = try GateBench.serving()
        let sizes: [(MessageKind, Int, MessageKind)] = [
            (.gateAddress, 37, .gateAddressReply), (.gateXpub, 33, .gateXpubReply),
            (.gateAddress, 36, .gateRefused), (.gateAddress, 38, .gateRefused),
            (.gateXpub, 32, .gateRefused), (.gateXpub, 34, .gateRefused),
            (.gateAddress, 0, .gateRefused), (.gateXpub, 0, .gateRefused),
        ]
        for (client, (kind, count, _)) in sizes.enumerated() {
            let frame = Frame(kind, [UInt8](repeating: 9, count: count))
            try bench.server.receive(frame, from: ClientID(client), requester: 1_000)
        }
        try bench.settle()
        let kinds = bench.replies.sorted { $0.client < $1.client }.map(\.kind)
        #expect(kinds == sizes.map(\.2))
    }

    @Test("SIGTERM: what the signer has is finished, and the stop stands under the last head")
    func stop() throws {
        let bench = try GateBench.serving()
        _ = try bench.answer(Self.sample(1))
        bench.server.stop()
        #expect(try bench.answer(Self.sample(2)).refusal == [3, 304])
        #expect(bench.server.phase == .stopped)
        let leaves = try bench.leaves()
        #expect(try #require(leaves.last)[18] == NoteEvent.stop.rawValue)
        #expect(bench.signer.size == UInt64(leaves.count))
        let notes = try #require(CheckpointNotes(bench.signer.status))
        let folder = try #require(bench.store.folders[0])
        let note = try #require(folder.files["checkpoint"])
        #expect(notes.head(of: note)?.size == UInt64(leaves.count))
        #expect(folder.files["tile/entries/000.p/\(leaves.count)"] != nil)
    }

    @Test("When the signer goes, whoever waits is told, and counts are not lost")
    func signerGone() throws {
        let bench = try GateBench.serving()
        bench.signer.refusalCode = { _ in 23 }
        for number in 0..<12 { _ = try bench.answer(Self.sample(number)) }
        try bench.ask(Self.sample(50), client: 9)
        try bench.server.assess()
        try bench.server.end(.signerGone)
        #expect(bench.server.replies.map(\.client) == [9])
        #expect(bench.server.replies.map(\.refusal) == [[3, 305]])
        #expect(try bench.leaves().suffix(2).map { $0[0] } == [4, 5])
    }

    @Test("Nobody's request that the signer has not seen is dropped")
    func left() throws {
        let bench = try GateBench.serving()
        try bench.ask(Self.sample(1), client: 1)
        bench.server.leave(1)
        try bench.settle()
        #expect(!bench.signer.asked.contains(.assess))
        try bench.ask(Self.sample(1), client: 2)
        try bench.settle()
        #expect(bench.replies.map(\.client) == [2])
    }
}
