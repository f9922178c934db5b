import CLinux
import Confinement
import Foundation
import TestSupport
import Testing

@Suite("Measures read back", .timeLimit(.minutes(1)))
struct MeasureTests {
    @Test(
        "The kernel shows every measure of a confined process to others",
        arguments: SandboxProfileText.names
    )
    func shown(name: String) throws {
        let home = try Home()
        let probe = try Probe(["report", name, home.path])
        let filters = name == "signer-ready" ? "2" : "1"
        let deadline = Date(timeIntervalSinceNow: 10)
        while try probe.status("Seccomp_filters") != filters, Date() < deadline {
            usleep(1_000)
        }
        #expect(try probe.status("Seccomp") == "2")
        #expect(try probe.status("Seccomp_filters") == filters)
        #expect(try probe.status("NoNewPrivs") == "1")
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            #expect(try probe.status(set) == "0000000000000000", "\(set)")
        }
        if linux_uid() == 0 { #expect(try probe.status("CapBnd") == "0000000000000000") }
        #expect(try probe.status("Threads") == "1")
        let limits = try String(contentsOfFile: "/proc/\(probe.pid)/limits", encoding: .utf8)
        #expect(limits.contains(/Max core file size +0 +0/))
        #expect(limits.contains(/Max processes +0 +0/))
        #expect(name != "signer-ready" || limits.contains(/Max open files +0 +0/))
        #expect(!name.hasPrefix("signer") || limits.contains(/Max file size +8192 +8192/))
    }

    @Test(
        "The report says what was read back, and the final filter only where it is final",
        arguments: [("signer-sealed", UInt32(122)), ("gate", 126), ("front", 126)]
    )
    func report(name: String, bits: UInt32) throws {
        let home = try Home()
        let probe = try Probe(["report", name, home.path])
        let words = try #require(try probe.line()).split(separator: " ").map(String.init)
        try #require(words.count == 4, "\(words)")
        #expect(words[0] == "\(bits)")
        #expect(words[1] == "\(linux_landlock_abi())")
        if linux_uid() == 0 { #expect(words[2] == "0") }
    }

    @Test("A plan for a user of its own does not start under another one, or as root")
    func identity() async {
        await #expect(processExitsWith: .success) {
            let other = ConfinementPlan(profile: .gate(log: 0), descriptorsMax: 64, ownUser: 4_242)
            #expect(throws: ConfinementError.notInForce(.identity, found: UInt64(linux_uid()))) {
                try Confinement.apply(other)
            }
        }
        await #expect(processExitsWith: .success) {
            let root = ConfinementPlan(profile: .gate(log: 0), descriptorsMax: 64, ownUser: 0)
            #expect(throws: ConfinementError.self) { try Confinement.apply(root) }
        }
    }

    @Test("A folder that is not open stops the confinement at Landlock, with the errno")
    func closedFolder() async {
        await #expect(processExitsWith: .success) {
            let plan = ConfinementPlan(profile: .gate(log: 999), descriptorsMax: 64)
            #expect(throws: ConfinementError.refused(.landlock, errno: LINUX_EBADF)) {
                try Confinement.apply(plan)
            }
        }
    }

    @Test("The final filter is refused when core size or dumpable were changed behind its back")
    func behindItsBack() async {
        await #expect(processExitsWith: .success) {
            let before = ConfinementReport(
                bits: .notDumpable,
                landlockABI: 6,
                boundingSet: 0,
                noCodeGain: true
            )
            #expect(linux_limit_set(LINUX_RLIMIT_CORE, 0) == 0)
            #expect(linux_prctl(LINUX_PR_SET_DUMPABLE, 1, 0) == 0)
            #expect(throws: ConfinementError.notInForce(.notDumpable, found: 1)) {
                try Confinement.lockDown(gate: 0, state: 1, stateBytes: 8_192, after: before)
            }
        }
    }

    @Test("The bits are those of the protocol")
    func bits() {
        let all: [KernelBits] = [
            .secretMemory, .landlock, .filter, .notDumpable, .noNewPrivileges, .noCore,
            .noCapabilities, .ownUser, .weakerKernelAccepted,
        ]
        #expect(all.map(\.rawValue) == [1, 2, 4, 8, 16, 32, 64, 128, 256])
        #expect(KernelBits.filter.adding(.noCore).rawValue == 36)
        #expect(KernelBits(rawValue: 36).contains(.filter))
        #expect(!KernelBits(rawValue: 32).contains(.noCore.adding(.filter)))
    }

    @Test("The facts for the doctor are those the kernel shows elsewhere")
    func facts() throws {
        let facts = try KernelFacts.read()
        #expect(facts.landlockABI == max(0, linux_landlock_abi()))
        #expect(facts.hasFilters)
        #expect(facts.user == linux_uid())
        let swaps = try String(contentsOfFile: "/proc/swaps", encoding: .utf8)
        #expect(facts.hasSwap == (swaps.split(separator: "\n").count > 1))
        let yama = "/proc/sys/kernel/yama/ptrace_scope"
        #expect((facts.yamaScope != nil) == FileManager.default.fileExists(atPath: yama))
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let capabilities = try #require(status.firstMatch(of: /CapEff:\s+([0-9a-f]+)/))
        #expect(facts.capabilities == UInt64(capabilities.1, radix: 16))
    }
}
