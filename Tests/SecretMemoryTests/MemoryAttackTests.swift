import CLinux
import CProbe
import SecretMemory
import TestSupport
import Testing

@Suite("Attacks on secret memory", .timeLimit(.minutes(1)))
struct MemoryAttackTests {
    static let isRoot = linux_uid() == 0

    @Test(
        "Root reads an ordinary page three ways and a secret page in none",
        .enabled(if: isRoot, "not root")
    )
    func root() throws {
        try Self.attack(as: [])
    }

    @Test(
        "The same user reads an ordinary page three ways and a secret page in none",
        .enabled(if: isRoot, "not root, so no second user to be")
    )
    func sameUser() throws {
        try Self.attack(as: ["as", "65534"])
    }

    @Test("A fork does not have the secret page; it has the ordinary one")
    func fork() throws {
        let words = try Self.victim(as: []).words
        #expect(words[3] == "-11", "SIGSEGV")
        #expect(words[4] == "\(0x5B)", "the first byte of the canary")
    }

    @Test("The stack below the caller holds what a call left there until it is wiped")
    func stack() {
        var needle = [UInt8](repeating: 0, count: 16)
        for i in needle.indices { needle[i] = UInt8(i * 11 + 3) ^ 0x6C }
        // SAFETY: the array has the 16 bytes that each call reads.
        unsafe probe_leave_on_stack(needle)
        let left = unsafe probe_stack_holds(needle)
        unsafe probe_leave_on_stack(needle)
        wipeStack()
        let wiped = unsafe probe_stack_holds(needle)
        #expect(left == 1, "the control")
        #expect(wiped == 0)
    }

    /// The victim is dumpable and not confined: the weakest case there is.
    private static func victim(as user: [String]) throws -> (probe: Probe, words: [String]) {
        let probe = try Probe(user + ["memory"])
        let words = try #require(try probe.line()).split(separator: " ").map(String.init)
        try #require(words.count == 5, "\(words)")
        return (probe, words)
    }

    private static func attack(as user: [String]) throws {
        let (probe, words) = try victim(as: user)
        let plain = try Probe(user + ["attack", words[0], words[2]]).answers()
        #expect(plain == ["1 1 1"], "the control: an ordinary page must be readable")
        let secret = try Probe(user + ["attack", words[0], words[1]]).answers()
        // EIO, EFAULT, EIO.
        #expect(secret == ["-5 -14 -5"])
        #expect(probe.pid > 0)
    }
}
