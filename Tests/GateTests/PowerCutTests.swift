import Bytes
import Gate
import Testing

@Suite("The journal when the power goes again and again")
struct PowerCutTests {
    /// Zeros ahead: so few that the file often grows.
    private static let ahead = 2_048

    /// One life of a journal: opened, appended to, cut off at a random call.
    private struct Life {
        var acknowledged: [[UInt8]] = []
        /// Acknowledged, and the batch that was being written.
        var possible: [[[UInt8]]] = []
        var disk: [UInt8] = []
    }

    @Test("1,000 journals, each cut up to five times, in recovery too: none loses what it said")
    func cuts() throws {
        var random = SeededGenerator(seed: 21)
        var (recoveries, torn, lives) = (0, 0, 0)
        for round in 0..<1_000 {
            var life = Life(possible: [[]])
            for _ in 0..<Int.random(in: 2...5, using: &random) {
                lives += 1
                let disk = SectorDisk(life.disk, seed: random.next())
                disk.cutAt = Int.random(in: 1...14, using: &random)
                do {
                    try Self.live(&life, on: disk, &torn, &random)
                } catch GateError.file {
                    // The power went.
                    recoveries += life.disk.isEmpty ? 0 : 1
                }
                life.disk = disk.cut()
            }
            let (leaves, _) = try Self.open(life, SectorDisk(life.disk, seed: 0))
            #expect(life.possible.contains(leaves), "round \(round)")
            #expect(leaves.starts(with: life.acknowledged), "round \(round)")
        }
        // Control: all of it happened.
        #expect(torn > 150 && recoveries > 600 && lives > 2_600, "\(torn) \(recoveries)")
    }

    private static func live(
        _ life: inout Life,
        on disk: SectorDisk,
        _ torn: inout Int,
        _ random: inout SeededGenerator
    ) throws {
        // A journal that never came to be was never spoken of.
        let isNew = try disk.size() == 0
        var journal: Journal
        if isNew {
            journal = try Journal.begin(in: disk, origin: JournalSamples.origin, ahead: ahead)
        } else {
            let (leaves, opened) = try open(life, disk, &torn)
            #expect(life.possible.contains(leaves))
            life.acknowledged = leaves
            journal = opened
        }
        life.possible = [life.acknowledged]
        while true {
            let batch = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                random.bytes(Int.random(in: 1...700, using: &random))
            }
            life.possible.append(life.acknowledged + batch)
            try journal.append(batch)
            life.acknowledged += batch
            life.possible = [life.acknowledged]
        }
    }

    private static func open(
        _ life: Life,
        _ disk: SectorDisk,
        _ torn: inout Int
    ) throws -> ([[UInt8]], Journal) {
        var leaves: [[UInt8]] = []
        let (journal, tail) = try Journal.open(
            disk,
            origin: JournalSamples.origin,
            acknowledged: UInt64(life.acknowledged.count),
            ahead: ahead
        ) { batch in
            leaves += batch.leaves
        }
        if tail != nil { torn += 1 }
        return (leaves, journal)
    }

    private static func open(_ life: Life, _ disk: SectorDisk) throws -> ([[UInt8]], Journal) {
        var torn = 0
        return try open(life, disk, &torn)
    }
}
