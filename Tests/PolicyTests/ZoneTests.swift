import Foundation
import Policy
import TestSupport
import Testing

/// What Python's zoneinfo said of a zone (Recorded/make_zones.py).
private struct RecordedZone {
    var text: String
    var zone: SampleZone
    var moments: [(moment: Int64, offset: Int64)]

    static func all() throws -> [RecordedZone] {
        let url = Vectors.repository.appending(path: "Tests/PolicyTests/Recorded/zones.txt")
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
            let parts = line.split(separator: "|", omittingEmptySubsequences: false)
            let numbers = try parts[2].split(separator: " ").map { try #require(Int32($0)) }
            var zone = SampleZone(try #require(Int32(parts[1])))
            if !numbers.isEmpty {
                zone.daylight = .init(numbers[0], Array(numbers[1...4]), Array(numbers[5...8]))
            }
            let moments = try parts[3].split(separator: " ").map { pair in
                let halves = pair.split(separator: ":")
                return (try #require(Int64(halves[0])), try #require(Int64(halves[1])))
            }
            return RecordedZone(text: String(parts[0]), zone: zone, moments: moments)
        }
    }
}

@Suite("Local time is that of the zone's rule")
struct ZoneTests {
    private struct Missing: Error {}

    /// Lends the zone as a bundle has it.
    private func reading<Value>(
        _ zone: SampleZone,
        _ body: (borrowing ZoneRecord) throws -> Value
    ) throws -> Value {
        var sample = conditionSample()
        sample.rules = [.init("any")]
        sample.limits = []
        sample.extend(zones: [zone])
        let bytes = sample.bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        var walk = bundle.zones
        guard let record = walk.next() else { throw Missing() }
        return try body(record)
    }

    @Test("Offsets are those of Python's zoneinfo, for every rule of today's zones, 1970 to 2100")
    func zoneinfo() throws {
        let zones = try RecordedZone.all()
        #expect(zones.count > 80 && zones.count { $0.zone.daylight != nil } > 25)
        for recorded in zones {
            let naive = NaiveZone(recorded.zone)
            try reading(recorded.zone) { zone in
                for (moment, offset) in recorded.moments {
                    let found = zone.offset(at: moment)
                    try #require(found == offset, "\(recorded.text) at \(moment)")
                    try #require(naive.offset(Int(moment)) == Int(offset))
                }
            }
        }
    }

    @Test("The hour that is skipped never comes, the one that is repeated comes twice")
    func changes() throws {
        try reading(.berlin) { zone in
            // 2026-03-29 00:59:59 and 01:00:00 UTC: 01:59 and 03:00 of a Sunday.
            #expect(zone.minuteOfWeek(at: 1_774_745_999) == 6 * 1_440 + 119)
            #expect(zone.minuteOfWeek(at: 1_774_746_000) == 6 * 1_440 + 180)
            // 2026-10-25 00:30 and 01:30 UTC: both are 02:30.
            #expect(zone.minuteOfWeek(at: 1_792_888_200) == 6 * 1_440 + 150)
            #expect(zone.minuteOfWeek(at: 1_792_891_800) == 6 * 1_440 + 150)
        }
    }

    @Test("A change can be days from its date, across the turn of a year")
    func turnOfTheYear() throws {
        let daylight = SampleZone.Daylight(3_600, [1, 1, 0, -604_799], [12, 5, 6, 604_799])
        let zone = SampleZone(0, daylight)
        var dice = Dice(seed: 9)
        try reading(zone) { record in
            for year in 0..<130 {
                for _ in 0..<20 {
                    let moment = year * 31_556_952 - 1_500_000 + dice.below(3_000_000)
                    guard moment >= 0 else { continue }
                    let expected = NaiveZone(zone).offset(moment)
                    try #require(record.offset(at: Int64(moment)) == Int64(expected), "\(moment)")
                }
            }
        }
    }

    @Test("The last moment that can be said is read without a trap")
    func farAway() throws {
        for zone in [SampleZone.utc, .berlin, .sydney, SampleZone(-86_399)] {
            for seconds in [0, 1, .max, UInt64.max / 1_000_000_000] as [UInt64] {
                #expect(try reading(zone) { $0.minuteOfWeek(at: seconds) } < 10_080)
            }
        }
    }
}
