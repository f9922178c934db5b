import CLinux
import SecretMemory
import TestSupport
import Testing

/// In a process of its own, whose main thread it is: `confinement-probe lock`.
@Suite("Memory kept from swap", .timeLimit(.minutes(1)))
struct LockedMemoryTests {
    /// No limit is as high as this.
    static let never = "\(UInt64.max)"

    @Test("Stack, data and room on the heap are in memory and locked; what is mapped later is not")
    func locked() throws {
        let answers = try Self.answers([Self.never])
        #expect(answers["result"] == [0])
        #expect(answers["[stack]"] == [512, 512, 512])
        let data = try #require(answers["data"])
        #expect(data[0] > 0 && data[1] == data[0] && data[2] == data[0])
        // This program has used its heap before; the signer's is looked at as a whole by
        // test_locked_memory.py.
        #expect(try #require(answers["[heap]"])[2] >= 128)
        #expect(answers["arena"] == [300, 300, 0], "the control: this one can be swapped")
    }

    @Test("Where the limit is high enough for everything, what is mapped later is locked too")
    func everything() throws {
        let answers = try Self.answers(["1"])
        #expect(answers["result"] == [1])
        #expect(answers["arena"] == [300, 300, 300])
    }

    @Test("The stack holds 400 KiB, and cannot grow past what is locked")
    func bounded() throws {
        #expect(try Self.answers([Self.never, "400"])["[stack]"] == [512, 512, 512])
        let words = try Self.answers([Self.never, "600"])
        #expect(words["result"] == [0] && words["[stack]"] == nil, "it ended there")
    }

    @Test(
        "Without the memlock limit for it nothing is locked in part: the call fails",
        .enabled(if: linux_uid() == 0, "not root, so no second user to be")
    )
    func refused() throws {
        #expect(try Self.answers([Self.never], memlock: 8 << 20)["result"] == [0], "the control")
        #expect(try Self.answers([Self.never], memlock: 700 << 10)["result"] == [-12])
        #expect(try Self.answers([Self.never], memlock: 256 << 10)["result"] == [-12])
        #expect(try Self.answers([Self.never], memlock: 0)["result"] == [-1])
    }

    private static func answers(
        _ words: [String],
        memlock: UInt64? = nil
    ) throws -> [String: [Int]] {
        let limited = memlock.map { ["as", "65534", "memlock", "\($0)"] } ?? []
        let lines = try Probe(limited + ["lock"] + words).answers()
        return lines.reduce(into: [:]) { found, line in
            let parts = line.split(separator: " ").map(String.init)
            found[parts[0]] = parts.dropFirst().compactMap { Int($0) }
        }
    }
}
