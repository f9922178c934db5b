import Bytes
import Gate
import TestSupport
import Testing
import Wire

@Suite("The gate's server when the disk fails")
struct ServerFaultTests {
    /// Asks for 40 payments by five clients, some refused, some again, until something fails.
    /// Gives the digests that were acknowledged as signed.
    private static func work(_ bench: GateBench) -> (signed: Set<[UInt8]>, failed: Bool) {
        bench.signer.refusalCode = { $0.amount == 13 ? 23 : 0 }
        var signed: Set<[UInt8]> = []
        do {
            for round in 0..<8 {
                var asked: [ClientID: ResolvedSample] = [:]
                for client in 1...5 {
                    let number = round * 3 + client
                    let amount: UInt64 = number.isMultiple(of: 7) ? 13 : 10
                    let sample = ResolvedSample(spending: [number], amount: amount)
                    asked[ClientID(client)] = sample
                    try bench.ask(sample, client: ClientID(client))
                }
                bench.replies = []
                do {
                    try bench.settle()
                } catch {
                    record(bench.replies, asked, &signed)
                    throw error
                }
                record(bench.replies, asked, &signed)
                bench.clock.pass(seconds: 0.5)
            }
            bench.server.stop()
            try bench.settle()
        } catch {
            return (signed, true)
        }
        return (signed, false)
    }

    private static func record(
        _ replies: [ClientReply],
        _ asked: [ClientID: ResolvedSample],
        _ signed: inout Set<[UInt8]>
    ) {
        for reply in replies where reply.kind == .signed {
            if let sample = asked[reply.client] { signed.insert(sample.digest.array) }
        }
    }

    @Test(
        "Whichever write or flush fails, what was acknowledged is in the log, charged once",
        arguments: [MemoryFile.Fault.error, .short(0), .short(100), .short(700)]
    )
    func everyFault(fault: MemoryFile.Fault) throws {
        var call = 3
        while true {
            let bench = try GateBench.serving()
            let journal = try bench.journal
            journal.failAt = journal.calls + call - 2
            journal.fault = fault
            let (signed, failed) = Self.work(bench)
            journal.failAt = nil
            if !failed {
                #expect(signed.count > 20)
                break
            }
            // Once by what the kernel still shows, once by what the disk kept for certain.
            for bytes in [journal.bytes, journal.durable] {
                let store = MemoryStore()
                store.journals[0] = MemoryFile(bytes)
                store.folders[0] = MemoryFolder()
                store.folders[0]?.files = bench.store.folders[0]?.files ?? [:]
                let signer = FakeSigner(bundleHash: GateBench.bundleHash)
                try signer.remember(bench.signer)
                let again = try GateBench.serving(
                    store: store,
                    clock: bench.clock,
                    signer: signer
                )
                let charges = try again.charges().filter { $0.outcome == .charged }
                let leaves = try again.leaves()
                let charged = charges.map { Array(leaves[Int($0.decisionIndex)][41..<73]) }
                #expect(Set(charged).count == charged.count)
                #expect(signed.isSubset(of: Set(charged)))
            }
            call += 1
            try #require(call < 200)
        }
        #expect(call > 10)
    }

    @Test("After a failure nothing more is answered, not even a refusal")
    func poisoned() throws {
        let bench = try GateBench.serving()
        let journal = try bench.journal
        journal.failAt = journal.calls + 2
        try bench.ask(ResolvedSample(spending: [1], amount: 10), client: 1)
        #expect(throws: GateError.file(.sync, errno: 5)) { try bench.settle() }
        #expect(bench.replies.isEmpty && bench.server.replies.isEmpty)
        #expect(bench.signer.signed.isEmpty)
        try bench.ask(ResolvedSample(spending: [2], amount: 10), client: 2)
        #expect(throws: GateError.poisoned) { try bench.settle() }
        #expect(bench.server.replies.isEmpty)
        #expect(bench.signer.signed.isEmpty)
    }

    @Test("Charged and not released stays charged, and the retry is released")
    func unreleased() throws {
        let bench = try GateBench.serving()
        let sample = ResolvedSample(spending: [1], amount: 9_000)
        try bench.ask(sample, client: 1)
        // Everything but the release reaches the signer.
        try bench.settleWithoutRelease()
        #expect(try bench.charges().count == 1)
        let again = try bench.restarted()
        let other = try again.answer(ResolvedSample(spending: [2], amount: 1_001))
        #expect(other.refusal == [2, 300])
        let retry = try again.answer(sample)
        #expect(retry.kind == .signed && retry.payload[0] == 1)
        #expect(try again.charges().filter { $0.outcome == .charged }.count == 1)
    }
}
