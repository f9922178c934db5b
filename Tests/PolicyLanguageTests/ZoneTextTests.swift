import Foundation
import Policy
import PolicyLanguage
import TestSupport
import Testing

@Suite("Time zones as POSIX writes them")
struct ZoneTextTests {
    @Test("Every rule of today's zones is read as Python's zoneinfo reads it")
    func recorded() throws {
        let url = Vectors.repository.appending(path: "Tests/PolicyTests/Recorded/zones.txt")
        var count = 0
        for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") {
            let parts = line.split(separator: "|", omittingEmptySubsequences: false)
            let zone = try #require(ZoneText(String(parts[0])), "\(parts[0])")
            let fields = parts[2].split(separator: " ").compactMap { Int32($0) }
            #expect(zone.standardOffset == Int32(parts[1]))
            #expect((zone.daylight == nil) == fields.isEmpty)
            count += 1
            guard let daylight = zone.daylight else { continue }
            let changes = [daylight.begin, daylight.end].flatMap {
                [Int32($0.month), Int32($0.week), Int32($0.weekday), $0.secondsOfDay]
            }
            #expect([daylight.offset] + changes == fields, "\(parts[0])")
        }
        #expect(count > 80)
    }

    @Test(
        "What is not of the form is not read",
        arguments: [
            "", "UTC", "U0", "UTC0X", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5",
            "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
            "CET-1CEST,M0.5.0,M10.5.0", "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,J60,J300",
            "CET-1CEST,M3.5.0/168,M10.5.0", "CET-24CEST,M3.5.0,M10.5.0", "<+1>-1", "<+01-1",
            "CET-1CEST,M3.5.0,M10.5.0 ", "CET-1:60", "CET--1", "Europe/Berlin",
        ]
    )
    func malformed(text: String) {
        #expect(ZoneText(text) == nil)
    }
}
