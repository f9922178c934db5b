import Foundation
import Testing

/// Every attack of the list R1 … R73 is a test that is named by its number, or a row that says why
/// it is none (docs/threat-model.md).
@Suite("Attacks")
struct AttackTests {
    static let numbers = Set(1...73)

    @Test("Every number has a test or a row, and none has both")
    func everyNumber() throws {
        let tests = try Repository.files(below: "Tests/SystemTests", ending: ".py")
            .filter { $0.contains("/test_attacks_") }
            .map { Self.tested(try Repository.text(of: $0)) }
            .reduce(into: Set()) { $0.formUnion($1) }
        let rows = Self.excused(try Repository.text(of: "docs/threat-model.md"))
        #expect(tests.union(rows) == Self.numbers, "\(Self.numbers.subtracting(tests.union(rows)))")
        #expect(tests.isDisjoint(with: rows), "\(tests.intersection(rows))")
        #expect(rows.count < 10)
    }

    @Test("A number in words, in a comment or in another table counts for nothing")
    func control() {
        let source = """
            # def test_r01_in_a_comment
            def test_r02_r03_two_at_once(box):
                def test_r04_within_another(): pass
            def helper_r05(): pass
            """
        #expect(Self.tested(source) == [2, 3])
        let page = """
            | R6 | before |
            ### Attacks out of reach or not applicable
            | R7 | here | why |
            R8 in words
            ### Another
            | R9 | behind |
            """
        #expect(Self.excused(page) == [7])
    }

    /// The numbers in the names of the tests of a file: `def test_r15_r16_…`.
    private static func tested(_ text: String) -> Set<Int> {
        var found: Set<Int> = []
        for line in text.split(separator: "\n") where line.hasPrefix("def test_r") {
            for part in line.dropFirst("def test_".count).split(separator: "_") {
                guard part.first == "r", part.count == 3, let number = Int(part.dropFirst()) else {
                    break
                }
                found.insert(number)
            }
        }
        return found
    }

    /// The numbers of the rows below the heading, up to the next one.
    private static func excused(_ text: String) -> Set<Int> {
        let heading = "### Attacks out of reach or not applicable"
        let lines = text.components(separatedBy: "\n")
        guard let start = lines.firstIndex(of: heading) else { return [] }
        let rows = lines[(start + 1)...].prefix { !$0.hasPrefix("#") }
        return Set(
            rows.compactMap { row in
                guard row.hasPrefix("| R") else { return nil }
                return Int(row.dropFirst(3).prefix { $0.isNumber })
            }
        )
    }
}
