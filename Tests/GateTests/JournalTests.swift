import Bytes
import Gate
import Testing

/// Journals to break.
enum JournalSamples {
    static let origin = Bytes32(repeating: 7)
    /// Zeros ahead: few, for the many journals that are written here.
    static let ahead = 8_192

    /// Batches of one to five leaves of various lengths.
    static func batches(_ count: Int, seed: UInt64) -> [[[UInt8]]] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            (0..<Int.random(in: 1...5, using: &random)).map { _ in
                random.bytes(Int.random(in: 1...300, using: &random))
            }
        }
    }

    /// A journal of these batches, and the bytes where each of them begins.
    static func file(_ batches: [[[UInt8]]]) throws -> MemoryFile {
        let file = MemoryFile()
        var journal = try Journal.begin(in: file, origin: origin, ahead: ahead)
        for batch in batches { try journal.append(batch) }
        return file
    }

    /// Everything that a journal gives back.
    static func read(
        _ file: MemoryFile,
        acknowledged: UInt64 = 0
    ) throws -> (leaves: [[UInt8]], journal: Journal, torn: TornTail?) {
        var leaves: [[UInt8]] = []
        let (journal, torn) = try Journal.open(
            file,
            origin: origin,
            acknowledged: acknowledged,
            ahead: ahead
        ) { batch in
            leaves += batch.leaves
        }
        return (leaves, journal, torn)
    }

    /// The end of the last batch, and the beginning of each.
    static func places(_ bytes: [UInt8]) -> (starts: [Int], end: Int) {
        var starts: [Int] = []
        var place = 0
        var end = 0
        while place + 56 <= bytes.count, bytes[place] == 0x50 {
            starts.append(place)
            let count = (0..<4).reduce(0) { $0 | Int(bytes[place + 8 + $1]) << (8 * $1) }
            end = place + 56 + count + 32
            place = (end + 511) / 512 * 512
        }
        return (starts, end)
    }
}

@Suite("The journal")
struct JournalTests {
    @Test("What was appended is read back, and the journal goes on from there")
    func roundTrip() throws {
        let batches = JournalSamples.batches(40, seed: 1)
        let file = try JournalSamples.file(batches)
        var (leaves, journal, torn) = try JournalSamples.read(file)
        #expect(leaves == batches.flatMap { $0 })
        #expect(torn == nil)
        #expect(journal.nextIndex == UInt64(leaves.count))
        try journal.append([[1, 2, 3]])
        #expect(try JournalSamples.read(file).leaves == leaves + [[1, 2, 3]])
    }

    @Test("One batch is one write and one flush")
    func oneFlush() throws {
        let file = MemoryFile()
        var journal = try Journal.begin(in: file, origin: JournalSamples.origin)
        let (calls, flushes) = (file.calls, file.flushes)
        try journal.append([[1], [2], [3]])
        #expect(file.calls == calls + 2)
        #expect(file.flushes == flushes + 1)
    }

    @Test("Every leaf is found again in its batch")
    func batchHolding() throws {
        let batches = JournalSamples.batches(20, seed: 2)
        let journal = try JournalSamples.read(try JournalSamples.file(batches)).journal
        for (index, leaf) in batches.flatMap({ $0 }).enumerated() {
            let batch = try journal.batch(holding: UInt64(index))
            #expect(batch.leaves[index - Int(batch.firstIndex)] == leaf)
        }
    }

    @Test("The bytes are those of protocol.md, section 10")
    func bytes() throws {
        let file = MemoryFile()
        var journal = try Journal.begin(in: file, origin: JournalSamples.origin)
        try journal.append([[0xAA], [0xBB, 0xCC]])
        let head: [UInt8] =
            Array("PCBATCH1".utf8) + [7, 0, 0, 0, 2, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0]
        #expect(Array(file.bytes[0..<24]) == head)
        #expect(Array(file.bytes[24..<56]) == [UInt8](repeating: 7, count: 32))
        #expect(Array(file.bytes[56..<63]) == [1, 0, 0xAA, 2, 0, 0xBB, 0xCC])
        #expect(file.bytes[95...].allSatisfy { $0 == 0 })
        #expect(file.bytes.count == Journal.aheadCount)
    }

    @Test("The file grows when a batch does not fit, and a leaf may have 60,000 bytes")
    func growth() throws {
        let file = MemoryFile()
        var journal = try Journal.begin(in: file, origin: JournalSamples.origin)
        let leaf = [UInt8](repeating: 9, count: 60_000)
        for _ in 0..<5 { try journal.append([[UInt8]](repeating: leaf, count: 20)) }
        #expect(file.bytes.count > Journal.aheadCount)
        while !journal.isLow { try journal.append([leaf]) }
        let size = file.bytes.count
        try journal.extendAhead()
        #expect(file.bytes.count > size && !journal.isLow)
        #expect(try JournalSamples.read(file).leaves.count >= 100)
    }

    @Test("A journal of another log is refused")
    func otherOrigin() throws {
        let file = try JournalSamples.file(JournalSamples.batches(3, seed: 3))
        #expect(throws: GateError.damaged(at: 0, .otherOrigin)) {
            _ = try Journal.open(file, origin: .zero, acknowledged: 0) { _ in }
        }
    }

    @Test(
        "A journal that ends before what the signer vouches for is refused, no other is"
    )
    func behind() throws {
        let batches = JournalSamples.batches(3, seed: 4)
        let size = UInt64(batches.flatMap { $0 }.count)
        let file = try JournalSamples.file(batches)
        #expect(try JournalSamples.read(file, acknowledged: size).journal.nextIndex == size)
        #expect(throws: GateError.logBehind(size: size, acknowledged: size + 1)) {
            _ = try JournalSamples.read(file, acknowledged: size + 1)
        }
    }
}
