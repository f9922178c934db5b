import Bytes
import Gate
import Testing
import Wire

@Suite("The gate's start")
struct StartupTests {
    private static func sample(_ number: Int) -> ResolvedSample {
        ResolvedSample(spending: [number], amount: 10)
    }

    /// A log of three payments, and a signer that remembers it all.
    private static func served() throws -> GateBench {
        let bench = try GateBench.serving()
        for number in 0..<3 { _ = try bench.answer(sample(number)) }
        bench.clock.pass(seconds: 1)
        try bench.settle()
        bench.signer.restart()
        return bench
    }

    private static func restart(_ bench: GateBench) throws {
        _ = try GateBench.serving(
            store: bench.store,
            clock: bench.clock,
            signer: bench.signer
        )
    }

    @Test("A restart finds what was charged, and goes on")
    func restart() throws {
        let bench = try Self.served()
        let size = try bench.leaves().count
        try Self.restart(bench)
        #expect(try bench.leaves().count == size + 1)
        #expect(bench.signer.size == UInt64(size) + 1)
    }

    @Test("No journal where the signer remembers one is no fresh start")
    func missing() throws {
        let bench = try Self.served()
        bench.store.journals[0] = nil
        #expect(throws: GateError.journalMissing(signerSize: bench.signer.size)) {
            try Self.restart(bench)
        }
        #expect(bench.store.journals[0] == nil)
    }

    @Test("A log that lost what the signer saw is refused")
    func behind() throws {
        let bench = try Self.served()
        let journal = try bench.journal
        let last = try #require(JournalSamples.places(journal.bytes).starts.last)
        for place in last..<journal.bytes.count { journal.bytes[place] = 0 }
        bench.store.folders[0]?.files = [:]
        #expect(throws: GateError.self) { try Self.restart(bench) }
    }

    @Test("A log that lost what a checkpoint shows is refused, whatever the signer remembers")
    func behindCheckpoint() throws {
        let bench = try Self.served()
        let journal = try bench.journal
        let starts = JournalSamples.places(journal.bytes).starts
        for place in starts[1]..<journal.bytes.count { journal.bytes[place] = 0 }
        bench.signer.status.logSize = 1
        let server = try GateServer(
            bench.server.configuration,
            store: bench.store,
            clock: bench.clock
        )
        let size = UInt64(try bench.leaves().count)
        #expect(throws: GateError.logBehind(size: size, acknowledged: bench.signer.size)) {
            try server.receiveFromSigner(bench.signer.greeting[...])
        }
    }

    @Test("A checkpoint that the audit key did not sign is damage")
    func checkpoint() throws {
        let bench = try Self.served()
        let folder = try #require(bench.store.folders[0])
        let note = try #require(folder.files["checkpoint"])
        for place in note.indices {
            folder.files["checkpoint"] = note
            folder.files["checkpoint"]?[place] ^= 1
            #expect(throws: GateError.checkpointDamaged) { try Self.restart(bench) }
        }
        folder.files["checkpoint"] = nil
        try Self.restart(bench)
    }

    @Test("A disk that is full at a restart leaves the log that was published whole")
    func fullDisk() throws {
        let bench = try Self.served()
        let folder = try #require(bench.store.folders[0])
        let published = folder.files
        for writes in 0..<3 {
            folder.writesLeft = writes
            bench.signer.restart()
            #expect(throws: GateError.file(.write, errno: 28)) { try Self.restart(bench) }
            for (name, bytes) in published { #expect(folder.files[name] == bytes, "\(name)") }
        }
        folder.writesLeft = Int.max
        bench.signer.restart()
        try Self.restart(bench)
        #expect(folder.files["checkpoint"] != published["checkpoint"])
        #expect(folder.files.keys.filter { $0.hasPrefix("tile/entries/000.p/") }.count == 1)
    }

    @Test("A tree that is not the one which the signer knows is refused")
    func otherTree() throws {
        let bench = try Self.served()
        bench.signer.status.root = Bytes32(repeating: 3)
        #expect(throws: GateError.otherTree(size: bench.signer.size)) {
            try Self.restart(bench)
        }
    }

    @Test("Another bundle than the signer's is refused")
    func bundle() throws {
        let bench = try Self.served()
        bench.signer.status.bundleHash = Bytes32(repeating: 3)
        #expect(throws: GateError.bundleMismatch) { try Self.restart(bench) }
    }

    @Test("A log later than the signer's beside it is refused")
    func later() throws {
        let bench = try Self.served()
        bench.store.folders[1] = MemoryFolder()
        #expect(throws: GateError.laterLog(number: 1)) { try Self.restart(bench) }
    }

    @Test("The signer's refusal of the log ends the start with its code")
    func refused() throws {
        let bench = try Self.served()
        bench.signer.spoil = { frame in
            guard frame.kind == .resumed else { return [frame] }
            return [Frame(.refused, [153, 0] + [UInt8](repeating: 0, count: 20))]
        }
        #expect(throws: GateError.resumeRefused(code: 153)) { try Self.restart(bench) }
        #expect(GateError.resumeRefused(code: 153).words.contains("state-rolled-back"))
    }

    @Test("A torn tail is cut, and a note says how many bytes and which")
    func torn() throws {
        let bench = try Self.served()
        let journal = try bench.journal
        let place = BatchFormat.aligned(JournalSamples.places(journal.bytes).end)
        journal.bytes[place + 3] = 0x77
        try Self.restart(bench)
        let notes = try bench.leaves().filter { $0[0] == 5 }
        let torn = try #require(notes.first { $0[18] == NoteEvent.tornTailCut.rawValue })
        let note = try NoteLeaf(reading: torn.span)
        #expect(note.detail.count == 40)
        let end = JournalSamples.places(journal.bytes).end
        #expect(end > place)
    }

    @Test("After a recovery every limit counts as used up")
    func recovery() throws {
        let bench = try GateBench()
        bench.signer.status.logNumber = 1
        let event = [6, 1] + [UInt8](repeating: 0, count: 16) + [SignerEvent.recover.rawValue]
        let rest = [UInt8](repeating: 0, count: EventHead.byteCount + 2 + 32 - event.count)
        bench.signer.events = [event + rest]
        try bench.start()
        #expect(try bench.answer(Self.sample(1)).refusal == [2, 300])
        // A restart finds the same, and the window passes all the same.
        bench.signer.restart()
        let again = try GateBench.serving(
            store: bench.store,
            clock: bench.clock,
            signer: bench.signer
        )
        bench.clock.pass(seconds: 3_599)
        #expect(try again.answer(Self.sample(2)).refusal == [2, 300])
        bench.clock.pass(seconds: 1)
        #expect(try again.answer(Self.sample(3)).kind == .signed)
    }

    @Test("A boot in between ages nothing; the time after it does")
    func reboot() throws {
        let bench = try GateBench.serving()
        #expect(try bench.answer(ResolvedSample(spending: [1], amount: 10_000)).kind == .signed)
        bench.clock.now.bootID = Bytes16(repeating: 0xB1)
        bench.clock.now.boottime = 900_000_000_000_000
        bench.clock.now.realtime += 86_400_000_000_000
        let again = try bench.restarted()
        #expect(try again.answer(Self.sample(2)).refusal == [2, 300])
        bench.clock.pass(seconds: 3_600)
        #expect(try again.answer(Self.sample(2)).kind == .signed)
    }
}
