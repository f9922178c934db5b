import BitcoinCrypto
import Bytes
import Gate
import Testing
import Wire

/// What stands behind the last good batch, put there by a crash or by somebody else.
@Suite("The journal's tail")
struct JournalTailTests {
    private static let batches = JournalSamples.batches(3, seed: 31)

    /// A batch's beginning that claims so many bytes of entries.
    private static func header(claiming count: Int) -> [UInt8] {
        var bytes = Array("PCBATCH1".utf8)
        bytes.append(UInt64(count), bytes: 4)
        bytes.append(UInt64(count / 3), bytes: 4)
        bytes.append(contentsOf: repeatElement(1, count: 40))
        return bytes
    }

    /// A journal with a tail: a header every `step` bytes, over `count` bytes.
    private static func file(
        tail count: Int,
        headerEvery step: Int
    ) throws -> (file: MemoryFile, start: Int) {
        var bytes = try JournalSamples.file(batches).bytes
        let start = BatchFormat.aligned(JournalSamples.places(bytes).end)
        bytes.removeLast(bytes.count - start)
        let sector = header(claiming: 1 << 20)
        for place in stride(from: 0, to: count, by: 512) {
            let isHeader = place % step == 0
            bytes += isHeader ? sector : [UInt8](repeating: 2, count: sector.count)
            bytes.append(contentsOf: repeatElement(3, count: 512 - sector.count))
        }
        return (MemoryFile(bytes), start)
    }

    /// Reads it all; what went wrong, and what the reading cost.
    private static func read(
        _ file: MemoryFile
    ) throws -> (failure: GateError?, torn: TornTail?, hashed: Int) {
        var reader = try JournalReader(file, origin: JournalSamples.origin)
        do throws(GateError) {
            let torn = try reader.readAll { (_, _) in }.torn
            return (nil, torn, reader.hashedCount)
        } catch {
            return (error, nil, reader.hashedCount)
        }
    }

    @Test("A header every 512 bytes costs no more than reading the file, and is damage")
    func headerEverySector() throws {
        // 6,000 of them have the 1 MiB behind them that they claim: to hash that would be 6 GiB.
        let (file, start) = try Self.file(tail: 4 << 20, headerEvery: 512)
        let (failure, _, hashed) = try Self.read(file)
        guard case .damaged(_, .batchBeforeMark(let place)) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(place == start + 512)
        // The batch that should have come next is looked at twice.
        #expect(hashed <= 2 * file.bytes.count)
        #expect(file.readCount <= 4 * file.bytes.count)
    }

    @Test("The mark of a batch on any later boundary of the tail is damage; off it, it is not")
    func oneMark() throws {
        for sector in [1, 2, 7, 2_047] {
            let (file, start) = try Self.file(tail: 1 << 20, headerEvery: 1 << 21)
            let mark = start + 512 * sector
            file.bytes.replaceSubrange(mark..<mark + 8, with: Array("PCBATCH1".utf8))
            let failure = try Self.read(file).failure
            guard case .damaged(_, .batchBeforeMark(mark)) = failure else {
                Issue.record("\(String(describing: failure))")
                continue
            }
            file.bytes.replaceSubrange(mark..<mark + 8, with: Array("2PCBATCH".utf8))
            let (other, torn, hashed) = try Self.read(file)
            #expect(other == nil && torn != nil, "control")
            #expect(hashed <= 3 * file.bytes.count)
        }
    }

    @Test("As many bytes as a batch can have are a torn tail; one more is damage")
    func longestTail() throws {
        let (file, start) = try Self.file(
            tail: BatchFormat.byteCountMax,
            headerEvery: BatchFormat.byteCountMax
        )
        let (_, torn, hashed) = try Self.read(file)
        #expect(try #require(torn).count >= BatchFormat.byteCountMax)
        #expect(hashed <= 3 * file.bytes.count && file.readCount <= 6 * file.bytes.count)
        file.bytes.append(1)
        let found = file.bytes.count - JournalSamples.places(Array(file.bytes[..<start])).end
        let failure = try Self.read(file).failure
        guard case .damaged(_, .tailTooLong(found)) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test("A whole batch that does not continue the chain is damage")
    func otherChain() throws {
        var bytes = try JournalSamples.file(Self.batches).bytes
        let start = BatchFormat.aligned(JournalSamples.places(bytes).end)
        let other = BatchFormat.encode([[1]], firstIndex: 9, previous: .zero).bytes
        bytes.replaceSubrange(start..<start + other.count, with: other)
        let failure = try Self.read(MemoryFile(bytes)).failure
        guard case .damaged(_, .batchOfOtherChain(start)) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }
}

/// A gate that dies between finding a torn tail and having logged it.
@Suite("The note of a torn tail")
struct TornNoteTests {
    /// By sector behind the last batch, how many bytes of it were written: a tail of one byte, one
    /// whose first sectors never came, and one far longer than the batch that takes its place.
    static let tails: [[Int]] = [[1], [0, 0, 20], [512, 0, 512, 512, 0, 0, 0, 9]]
    static let faults: [MemoryFile.Fault] = [
        .error, .short(0), .short(1), .short(300), .short(512), .short(700), .short(1_024),
    ]

    @Test("Whichever write fails, and whatever a kill or a power cut leaves, it is in the log")
    func everyWrite() throws {
        for tail in Self.tails {
            for fault in Self.faults {
                for isPowerCut in [false, true] {
                    var call = 1
                    while try Self.run(tail, fault, failingAt: call, isPowerCut) { call += 1 }
                    // The last batch again; the note's batch; what is left of a long tail.
                    #expect(call > (tail.count > 3 ? 6 : 4), "\(tail) \(call)")
                }
            }
        }
    }

    /// Whether the start failed; if it did, the next one must have logged the tail.
    private static func run(
        _ tail: [Int],
        _ fault: MemoryFile.Fault,
        failingAt call: Int,
        _ isPowerCut: Bool
    ) throws -> Bool {
        let bench = try GateBench.serving()
        _ = try bench.answer(ResolvedSample(spending: [1], amount: 10))
        bench.clock.pass(seconds: 1)
        try bench.settle()
        let before = try bench.leaves()
        let file = MemoryFile(with(tail, behind: try bench.journal.bytes))
        file.failAt = call
        file.fault = fault
        bench.store.journals[0] = file
        bench.signer.restart()
        do {
            _ = try GateBench.serving(
                store: bench.store,
                clock: bench.clock,
                signer: bench.signer
            )
            try check(bench, before)
            return false
        } catch is GateError {
            let left = isPowerCut ? file.durable : file.bytes
            bench.store.journals[0] = MemoryFile(left)
            _ = try bench.restarted()
            try check(bench, before)
            return true
        }
    }

    private static func with(_ tail: [Int], behind bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let start = BatchFormat.aligned(JournalSamples.places(bytes).end)
        for (sector, count) in tail.enumerated() {
            for place in 0..<count { bytes[start + 512 * sector + place] = 0x77 }
        }
        return bytes
    }

    /// Nothing is lost, a note is there, and nothing is torn any more.
    private static func check(_ bench: GateBench, _ before: [[UInt8]]) throws {
        let leaves = try bench.leaves()
        #expect(leaves.starts(with: before))
        let cut = NoteEvent.tornTailCut.rawValue
        let notes = leaves.filter { $0[0] == LeafKind.note.rawValue && $0[18] == cut }
        #expect(!notes.isEmpty && notes.count <= 2)
        for note in notes { #expect(try NoteLeaf(reading: note.span).detail.count == 40) }
        let bytes = try bench.journal.bytes
        #expect(bytes[JournalSamples.places(bytes).end...].allSatisfy { $0 == 0 })
    }

    @Test("1,000 torn tails, the power cut again and again in the cutting: found again, or logged")
    func powerCuts() throws {
        var random = SeededGenerator(seed: 33)
        let note = [UInt8](repeating: 9, count: 90)
        var (again, logged) = (0, 0)
        for round in 0..<1_000 {
            let batches = JournalSamples.batches(2, seed: UInt64(round % 20))
            let tail = (0..<Int.random(in: 1...6, using: &random)).map { sector in
                Int.random(in: 0...1, using: &random) * (500 - sector)
            }
            var bytes = Self.with(tail, behind: try JournalSamples.file(batches).bytes)
            guard tail.contains(where: { $0 > 0 }) else { continue }
            for _ in 0..<4 {
                let disk = SectorDisk(bytes, seed: random.next())
                disk.cutAt = Int.random(in: 1...7, using: &random)
                do {
                    let isKept = try Self.append(note, to: disk)
                    #expect(isKept, "round \(round)")
                } catch GateError.file {
                    again += 1
                }
                bytes = disk.cut()
            }
            let isKept = try Self.append(note, to: SectorDisk(bytes, seed: 0))
            #expect(isKept, "round \(round)")
            logged += 1
        }
        #expect(again > 500 && logged > 700, "control: \(again) \(logged)")
    }

    /// Opens, and logs what is torn; whether that was found, or had been logged before.
    private static func append(_ note: [UInt8], to disk: SectorDisk) throws -> Bool {
        var isLogged = false
        var (journal, torn) = try Journal.open(
            disk,
            origin: JournalSamples.origin,
            acknowledged: 0,
            ahead: JournalSamples.ahead
        ) { isLogged = isLogged || $0.leaves.contains(note) }
        guard torn != nil else { return isLogged }
        try journal.append([note])
        return true
    }
}
