import BitcoinCrypto
import Bytes
import Gate
import Testing

@Suite("The journal after a crash")
struct JournalRecoveryTests {
    private static let batches = JournalSamples.batches(4, seed: 11)
    private static let kept = Array(batches.dropLast().flatMap { $0 })
    private static let all = Array(batches.flatMap { $0 })

    @Test("A cut at every byte of the last batch loses that batch alone, and says what was cut")
    func everyCut() throws {
        let whole = try JournalSamples.file(Self.batches).bytes
        let (starts, end) = JournalSamples.places(whole)
        let start = try #require(starts.last)
        for cut in start..<end {
            let truncated = MemoryFile(Array(whole[0..<cut]))
            let zeroed = MemoryFile(
                whole[0..<cut] + [UInt8](repeating: 0, count: whole.count - cut)
            )
            for file in [truncated, zeroed] {
                // The last digest byte may be zero by itself.
                var (leaves, journal, torn) = try JournalSamples.read(file)
                if leaves == Self.all { continue }
                #expect(leaves == Self.kept)
                #expect((torn == nil) == whole[start..<cut].allSatisfy { $0 == 0 })
                try journal.append([[1]])
                let again = try JournalSamples.read(file)
                #expect(again.leaves == Self.kept + [[1]])
                #expect(again.torn == nil)
            }
        }
    }

    @Test("What was cut is counted and hashed")
    func tornTail() throws {
        var bytes = try JournalSamples.file(Self.batches).bytes
        let (starts, end) = JournalSamples.places(bytes)
        let start = try #require(starts.last)
        bytes[end - 1] ^= 1
        let before = JournalSamples.places(Array(bytes[0..<start])).end
        let torn = try #require(try JournalSamples.read(MemoryFile(bytes)).torn)
        let last = try #require(bytes.lastIndex { $0 != 0 })
        #expect(torn.count == last + 1 - before)
        let cut = Array(bytes[before...last])
        #expect(torn.sha256 == SHA256.hash(cut.span))
    }

    @Test("A flip of any byte before the last batch is damage; of any byte in it a torn tail")
    func everyFlip() throws {
        let whole = try JournalSamples.file(Self.batches).bytes
        let (starts, end) = JournalSamples.places(whole)
        let start = try #require(starts.last)
        for place in 0..<BatchFormat.aligned(end) {
            var bytes = Array(whole[0..<BatchFormat.aligned(end) + 1_024])
            bytes[place] ^= 0x40
            if place < start {
                #expect(throws: GateError.self) { _ = try JournalSamples.read(MemoryFile(bytes)) }
            } else {
                let (leaves, _, torn) = try JournalSamples.read(MemoryFile(bytes))
                #expect(leaves == (place < end ? Self.kept : Self.all))
                #expect(torn != nil)
            }
        }
    }

    @Test("A torn tail that had been acknowledged is damage")
    func acknowledgedTail() throws {
        var bytes = try JournalSamples.file(Self.batches).bytes
        bytes[JournalSamples.places(bytes).end - 1] ^= 1
        let kept = UInt64(Self.kept.count)
        #expect(try JournalSamples.read(MemoryFile(bytes), acknowledged: kept).torn != nil)
        #expect(throws: GateError.self) {
            _ = try JournalSamples.read(MemoryFile(bytes), acknowledged: kept + 1)
        }
    }

    @Test("A batch inside a leaf would make damage of a torn tail, so no leaf holds its mark")
    func plantedBatch() throws {
        let planted = BatchFormat.encode([[1]], firstIndex: 9, previous: .zero).bytes
        // The batch's header and the leaf's length come first: it stands on a boundary.
        let leaf = [UInt8](repeating: 2, count: 512 - 58) + planted + [3]
        let whole = try JournalSamples.file([[leaf]])
        whole.bytes[0] = 0
        #expect(throws: GateError.self) { _ = try JournalSamples.read(whole) }
        #expect(BatchFormat.holdsMagic(leaf))
        for place in 0..<leaf.count - 8 where leaf[place..<place + 8].elementsEqual(planted[..<8]) {
            var other = leaf
            other[place + 7] ^= 1
            #expect(!BatchFormat.holdsMagic(other))
        }
        #expect(BatchFormat.holdsMagic(Array("PCBATCH1".utf8)))
        #expect(BatchFormat.holdsMagic(Array("PPCBATCH1".utf8)))
        #expect(!BatchFormat.holdsMagic(Array("PCBATCH".utf8)))
    }

    @Test("Batches put in another order, doubled or left out are refused")
    func rearranged() throws {
        let whole = try JournalSamples.file(Self.batches).bytes
        let (starts, end) = JournalSamples.places(whole)
        let parts = zip(starts, starts.dropFirst() + [BatchFormat.aligned(end)])
            .map { Array(whole[$0..<$1]) }
        for order in [[0, 2, 1, 3], [0, 0, 1, 2], [0, 2, 3], [1, 2, 3], [0, 1, 3]] {
            let file = MemoryFile(order.flatMap { parts[$0] })
            #expect(throws: GateError.self) { _ = try JournalSamples.read(file) }
        }
    }

    @Test("Whichever write or flush fails, nothing acknowledged is lost and nothing more is taken")
    func everyFault() throws {
        let faults: [MemoryFile.Fault] = [
            .error, .short(0), .short(1), .short(55), .short(300), .short(512),
        ]
        for fault in faults {
            var call = 1
            var failed = true
            while failed {
                failed = try Self.run(fault, failingAt: call)
                call += 1
                try #require(call < 100)
            }
            // Two for the beginning, two for each batch, and the run without a failure.
            #expect(call >= 2 + 2 * Self.batches.count + 2)
        }
    }

    /// Appends until a failure, then looks at both what a crash and what a power cut left.
    private static func run(_ fault: MemoryFile.Fault, failingAt call: Int) throws -> Bool {
        let file = MemoryFile()
        file.failAt = call
        file.fault = fault
        var acknowledged: [[UInt8]] = []
        do {
            var journal = try Journal.begin(
                in: file,
                origin: JournalSamples.origin,
                ahead: JournalSamples.ahead
            )
            for batch in batches {
                do {
                    try journal.append(batch)
                } catch {
                    #expect(journal.isPoisoned)
                    #expect(throws: GateError.poisoned) { try journal.append([[1]]) }
                    throw error
                }
                acknowledged += batch
            }
        } catch {
            for bytes in [file.bytes, file.durable] {
                let after = MemoryFile(bytes)
                let leaves = try JournalSamples.read(
                    after,
                    acknowledged: UInt64(acknowledged.count)
                ).leaves
                #expect(Array(leaves.prefix(acknowledged.count)) == acknowledged)
                #expect(all.starts(with: leaves))
                // What was read is on the disk now, whatever the pages had been worth.
                #expect(try JournalSamples.read(MemoryFile(after.durable)).leaves == leaves)
            }
            return true
        }
        return false
    }

    @Test("10,000 power cuts with any of the unsynced sectors written lose nothing acknowledged")
    func powerCuts() throws {
        var random = SeededGenerator(seed: 12)
        let samples = try (0..<20).map { seed in
            let batches = JournalSamples.batches(3, seed: UInt64(seed))
            return (batches, try JournalSamples.file(batches).bytes)
        }
        for round in 0..<10_000 {
            let (batches, whole) = samples[round % samples.count]
            let (starts, end) = JournalSamples.places(whole)
            let durable = Int.random(in: 0...starts.count, using: &random)
            let first = durable < starts.count ? starts[durable] : BatchFormat.aligned(end)
            // The batch being written when the power went; none before it is unsynced.
            let next = durable + 1 < starts.count ? starts[durable + 1] : BatchFormat.aligned(end)
            var bytes = Array(whole[0..<first])
            for sector in stride(from: first, to: max(first, next), by: 512) {
                let isWritten = Bool.random(using: &random)
                bytes +=
                    isWritten
                    ? Array(whole[sector..<sector + 512]) : [UInt8](repeating: 0, count: 512)
            }
            let expected = Array(batches.prefix(durable).flatMap { $0 })
            let leaves = try JournalSamples.read(
                MemoryFile(bytes),
                acknowledged: UInt64(expected.count)
            ).leaves
            #expect(leaves.starts(with: expected))
        }
    }
}
