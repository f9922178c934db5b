import ArgumentParser
import Confinement
import Front

/// `portcullis doctor`
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what this kernel and user can give, and what is missing.",
        discussion: """
            Each line says ok, or what is wrong and what to do about it. Lines marked `note` are \
            about what makes an attack harder but is not insisted on. Exit 3 when the appliance \
            would refuse to start here. Changes nothing, and needs no home; of one that is there \
            it says who may ask the gate.

            Example:
              portcullis doctor

            Exit status: 0 the appliance can run here, 2 usage, 3 something that it insists on is \
            missing.
            """
    )

    @OptionGroup var common: CommonOptions

    mutating func run() throws {
        var isFit = false
        try common.run { () throws(FrontError) in
            let facts: KernelFacts
            do {
                facts = try KernelFacts.read()
            } catch {
                throw .failed("the kernel does not answer: \(error)")
            }
            var lines = Diagnosis.lines(facts)
            if let home = Self.home(common) { lines += Diagnosis.clients(home) }
            let document = DoctorDocument(
                ok: lines.allSatisfy { $0.ok || !$0.required },
                lines: lines
            )
            try common.output.finish(document, words: lines.map(\.words))
            isFit = document.ok
        }
        // The document has been printed; only the status is left to give.
        if !isFit { throw ExitCode(3) }
    }

    /// The home that is meant, if any is: none is needed.
    private static func home(_ common: CommonOptions) -> Home? {
        do {
            return try common.resolveHome()
        } catch {
            return nil
        }
    }
}

struct DoctorDocument: Encodable {
    var ok: Bool
    var lines: [Diagnosis]
}

/// One thing that was looked at.
struct Diagnosis: Encodable, Equatable {
    var name: String
    var ok: Bool
    /// Whether the appliance refuses to start without it.
    var required: Bool
    var found: String
    /// What to do; empty where all is well.
    var remedy: String

    init(_ name: String, ok: Bool, required: Bool = true, found: String, remedy: String) {
        self.name = name
        self.ok = ok
        self.required = required
        self.found = found
        self.remedy = ok ? "" : remedy
    }

    var words: String {
        let mark = ok ? "ok  " : required ? "BAD " : "note"
        return "\(mark)  \(name): \(found)" + (ok ? "" : "\n      \(remedy)")
    }

    static func lines(_ facts: KernelFacts) -> [Diagnosis] {
        [
            landlock(facts.landlockABI), secretMemory(facts.secretMemoryErrno),
            Diagnosis(
                "seccomp",
                ok: facts.hasFilters,
                found: facts.hasFilters ? "system call filters that kill" : "no filters",
                remedy: "boot a kernel with CONFIG_SECCOMP_FILTER (4.14 or later)"
            ),
            lockedMemory(facts.lockedBytesMax), unlocking(facts), users(facts.user),
            Diagnosis(
                "capabilities",
                ok: facts.user == 0 || facts.capabilities == 0,
                required: false,
                found: facts.capabilities == 0
                    ? "none" : "\(facts.capabilities.nonzeroBitCount) of this process",
                remedy: "run without capabilities, or as root with a user for each process"
            ),
            Diagnosis(
                "memory-deny-write-execute",
                ok: facts.hasNoCodeGain,
                required: false,
                found: facts.hasNoCodeGain ? "there (PR_SET_MDWE)" : "not there",
                remedy: "Linux 6.3 or later keeps memory from becoming code"
            ),
            ptrace(facts), swap(facts.hasSwap), tools(),
        ]
    }

    private static func landlock(_ abi: Int32) -> Diagnosis {
        Diagnosis(
            "landlock",
            ok: abi >= Landlock.requiredABI,
            found: abi == 0 ? "not there" : "ABI \(abi)",
            remedy:
                "the appliance wants ABI \(Landlock.requiredABI) (Linux 6.12; on Debian 12 from "
                + "backports). Less is accepted only by `up --accept-weaker-kernel`, and logged"
        )
    }

    private static func secretMemory(_ errno: Int32) -> Diagnosis {
        Diagnosis(
            "memfd_secret",
            ok: errno == 0,
            found: errno == 0 ? "works: not even root reads the key pages" : "error \(errno)",
            remedy:
                "boot with secretmem.enable=1, or a kernel of 6.5 or later with CONFIG_SECRETMEM"
        )
    }

    private static func lockedMemory(_ bytes: UInt64) -> Diagnosis {
        Diagnosis(
            "locked-memory",
            ok: bytes >= 1 << 20,
            found: bytes == UInt64.max ? "no limit" : "\(bytes >> 10) KiB",
            remedy:
                "the signer keeps its keys, stack and heap from swap or does not start: raise "
                + "RLIMIT_MEMLOCK to 1 MiB or more: `ulimit -l`, or LimitMEMLOCK= in the unit"
        )
    }

    /// Root that may raise limits lifts this one for the signer.
    private static func unlocking(_ facts: KernelFacts) -> Diagnosis {
        let isEnough = facts.canRaiseLimits || facts.lockedBytesMax >= 1_280 << 20
        return Diagnosis(
            "locked-unlock",
            ok: isEnough,
            required: false,
            found: isEnough
                ? "an unlock is kept from swap as well" : "the memory of Argon2 can be swapped",
            remedy:
                "whoever reads the swap of the second that an unlock takes can guess passphrases "
                + "fast: raise RLIMIT_MEMLOCK to 1280 MiB, or run `up` with CAP_SYS_RESOURCE"
        )
    }

    private static func users(_ user: UInt32) -> Diagnosis {
        Diagnosis(
            "users",
            ok: user == 0,
            required: false,
            found: user == 0
                ? "root: each process gets a user of its own"
                : "user \(user): one for all processes",
            remedy: "fine for development; in production run `init` and `up` as root"
        )
    }

    private static func ptrace(_ facts: KernelFacts) -> Diagnosis {
        let scope = facts.yamaScope ?? 0
        return Diagnosis(
            "yama-ptrace-scope",
            ok: scope >= 1,
            required: false,
            found: facts.yamaScope.map { "\($0)" } ?? "no Yama",
            remedy: "sysctl kernel.yama.ptrace_scope=1 or more keeps other programs' debuggers away"
        )
    }

    private static func swap(_ hasSwap: Bool?) -> Diagnosis {
        let found =
            switch hasSwap {
            case .some(true): "on"
            case .some(false): "off"
            case .none: "cannot be told"
            }
        return Diagnosis(
            "swap",
            ok: hasSwap == false,
            required: false,
            found: found,
            remedy:
                "the signer's keys are never swapped, but the passphrase passes through ordinary "
                + "memory of the command line: use encrypted swap or none"
        )
    }

    private static func tools() -> Diagnosis {
        let path = Environment.tool("ssh-keygen")
        return Diagnosis(
            "ssh-keygen",
            ok: path != nil,
            required: false,
            found: path ?? "not there",
            remedy: "apt-get install openssh-client: admins sign with it"
        )
    }
}
