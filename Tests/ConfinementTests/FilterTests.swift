import TestSupport
import Testing

@Suite("System call filters", .timeLimit(.minutes(5)))
struct FilterTests {
    /// SIGSYS, as a shell would not say it: minus the signal.
    static let killed = "-31"
    /// uretprobe and uprobe: kernels since 2025 pass both through every filter.
    static let unfiltered: Set<Int64> = [335, 336]

    @Test(
        "Of the numbers 0 to 600 exactly the listed ones live",
        arguments: SandboxProfileText.names
    )
    func sweep(name: String) throws {
        let rules = try SandboxProfileText.text(name).rules
        let nothing = [UInt64](repeating: .max, count: 6)
        let calls = (Int64(0)...600).map { ($0, nothing) }
        let statuses = try Self.statuses(name, calls)
        var lived: Set<Int64> = []
        for (call, status) in zip(calls, statuses) where status != Self.killed {
            lived.insert(call.0)
        }
        let listed = try rules.filter { try $0.holds(nothing) }.map { try $0.number() }
        #expect(lived.subtracting(Self.unfiltered) == Set(listed))
        #expect(!listed.isEmpty)
    }

    @Test(
        "Each rule admits its call; each argument put wrong kills",
        arguments: SandboxProfileText.names
    )
    func perturbed(name: String) throws {
        let rules = try SandboxProfileText.text(name).rules
        var calls: [(Int64, [UInt64])] = []
        for rule in rules {
            calls.append((try rule.number(), try rule.agreeable()))
            for arguments in try rule.disagreeable() {
                calls.append((try rule.number(), arguments))
            }
        }
        let statuses = try Self.statuses(name, calls)
        var killed = 0
        for (call, status) in zip(calls, statuses) {
            // Another rule for the same call may admit what this one does not.
            let admitted = try rules.contains { rule in
                try rule.number() == call.0 && rule.holds(call.1)
            }
            #expect((status != Self.killed) == admitted, "\(call): \(status)")
            killed += admitted ? 0 : 1
        }
        #expect(killed > 0)
    }

    @Test("The ready signer reads and writes the gate at 65,536 bytes and dies at one more")
    func lengths() throws {
        let (read, write, pwrite): (Int64, Int64, Int64) = (0, 1, 18)
        let table: [(Int64, UInt64, UInt64, Bool)] = [
            (read, 10, 0, true), (read, 10, 65_536, true), (read, 10, 65_537, false),
            (read, 0, 1, false), (read, 11, 1, false),
            // The kernel looks at 32 bits of a descriptor, and the C library fills no more.
            (read, 10 | 1 << 32, 1, true), (read, 11 | 1 << 32, 1, false),
            (read, 10, 1 << 32, false), (pwrite, 11, 4_096 | 1 << 32, false),
            (write, 10, 65_536, true), (write, 10, 65_537, false), (write, 2, 1, false),
            (write, 11, 1, false), (pwrite, 11, 4_096, true), (pwrite, 11, 4_095, false),
            (pwrite, 11, 4_097, false), (pwrite, 10, 4_096, false),
        ]
        let calls = table.map { ($0.0, [$0.1, UInt64.max, $0.2, 0, 0, 0]) }
        for (row, status) in zip(table, try Self.statuses("signer-ready", calls)) {
            #expect((status != Self.killed) == row.3, "\(row): \(status)")
        }
    }

    @Test("The x32 and the 32-bit tables are closed", arguments: SandboxProfileText.names)
    func foreign(name: String) throws {
        let calls = [0, 1, 3, 18, 39, 60, 231].map { number in
            (Int64(0x4000_0000 | number), [10, 0, 0, 0, 0, 0] as [UInt64])
        }
        let statuses = try Self.statuses(name, calls)
        #expect(statuses.allSatisfy { $0 == Self.killed }, "\(statuses)")
        let home = try Home()
        #expect(try Probe(["int80", name, home.path]).answers() == [Self.killed])
    }

    /// The status of each call, each in a confined process of its own.
    static func statuses(_ name: String, _ calls: [(Int64, [UInt64])]) throws -> [String] {
        let home = try Home()
        let lines = calls.map { number, arguments in
            ([number] + arguments.map { Int64(bitPattern: $0) }).map { "\($0)" }
                .joined(separator: " ")
        }
        let answers = try Probe(["calls", name, home.path])
            .answers(to: lines.joined(separator: "\n") + "\n")
        try #require(answers.count == calls.count, "\(answers.last ?? "silence")")
        return answers
    }
}
