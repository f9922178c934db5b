import CProbe
import CSeccomp
import Testing

@Suite("The sandbox texts and their table")
struct SandboxTableTests {
    @Test("The compiled table says what the text says", arguments: SandboxProfileText.names)
    func same(name: String) throws {
        let text = try SandboxProfileText.text(name)
        #expect(try SandboxProfileText.table(name) == text, "run scripts/generate-sandbox.py")
        #expect(!text.rules.isEmpty)
    }

    @Test("Every call of every profile exists here, and no rule is said twice")
    func calls() throws {
        for name in SandboxProfileText.names {
            let rules = try SandboxProfileText.text(name).rules
            for (place, rule) in rules.enumerated() {
                #expect(try rule.number() >= 0, "\(rule.call)")
                #expect(!rules[..<place].contains(rule), "\(rule.call)")
            }
        }
    }

    @Test("The ready signer has five calls, each pinned to a descriptor but the last")
    func five() throws {
        let rules = try SandboxProfileText.text("signer-ready").rules
        #expect(rules.map(\.call) == ["read", "write", "pwrite64", "fdatasync", "exit_group"])
        let pinned = rules.filter { rule in
            rule.conditions.contains { condition in
                if case .descriptor = condition.kind { true } else { false }
            }
        }
        #expect(pinned.count == 4)
    }

    @Test("What the ready signer may do, the sealed one may do too, for filters stack")
    func stacking() throws {
        let sealed = try SandboxProfileText.text("signer-sealed").rules
        for rule in try SandboxProfileText.text("signer-ready").rules {
            let arguments = try rule.agreeable()
            #expect(
                try sealed.contains { try $0.call == rule.call && $0.holds(arguments) },
                "\(rule.call)"
            )
        }
    }

    @Test(
        "No profile lets a process start another, gain rights or make memory executable",
        arguments: SandboxProfileText.names
    )
    func never(name: String) throws {
        let forbidden: Set<String> = [
            "execve", "execveat", "fork", "vfork", "clone", "clone3", "ptrace", "kill", "tkill",
            "tgkill", "process_vm_readv", "process_vm_writev", "setuid", "setresuid", "capset",
            "mount", "unshare", "setns", "bpf", "io_uring_setup", "userfaultfd", "bind", "listen",
            "sendmsg", "recvmsg", "ioctl", "open", "creat", "symlink", "symlinkat", "link",
            "linkat", "chmod", "fchmodat", "mknod", "mknodat", "personality", "keyctl",
        ]
        for rule in try SandboxProfileText.text(name).rules {
            #expect(!forbidden.contains(rule.call), "\(rule.call)")
            if rule.call == "mmap" || rule.call == "mprotect" {
                let code = [UInt64](repeating: 4, count: 6)
                #expect(try !rule.holds(code), "\(rule.call) without a condition")
            }
        }
    }

    @Test("The signer opens nothing once it is sealed, the gate makes no socket")
    func apart() throws {
        let sealed = try SandboxProfileText.text("signer-sealed")
        #expect(!sealed.rules.contains { $0.call.hasPrefix("open") || $0.call == "socket" })
        #expect(sealed.allowed.isEmpty && sealed.denied == ["network", "scope"])
        let gate = try SandboxProfileText.text("gate").rules.map(\.call)
        #expect(!gate.contains("socket") && !gate.contains("connect"))
    }

    @Test("The wrong number of descriptors, a closed one or an unknown profile loads no filter")
    func loading() {
        // SAFETY: the arrays live for the length of each call.
        #expect(unsafe sandbox_load(SANDBOX_SIGNER_READY, [3], 1) == -22)
        #expect(unsafe sandbox_load(SANDBOX_SIGNER_READY, [3, 4, 5], 3) == -22)
        #expect(unsafe sandbox_load(SANDBOX_SIGNER_READY, [3, -1], 2) == -22)
        #expect(unsafe sandbox_load(4, [], 0) == -22)
        #expect(unsafe sandbox_load(-1, [], 0) == -22)
    }
}
