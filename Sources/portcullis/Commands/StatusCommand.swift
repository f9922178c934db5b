import ArgumentParser
private import CLinux
import Front
import Wire

/// `portcullis status`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say what runs, what is left, and how each process is confined.",
        discussion: """
            State is one of down, starting, sealed (waits for the passphrase), unresumed (the gate \
            is reading its log) and ready. What is said of confinement is read back from the \
            kernel, process by process; it needs the same user as `portcullis up`, or root.

            Examples:
              portcullis status --home box
              portcullis status --home box --json | jq .allowance.left

            Exit status: 0 told, whatever the state, 2 usage, 1 nothing can be told.
            """
    )

    @OptionGroup var common: CommonOptions

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            let home = try common.resolveHome()
            let facts = try home.readFacts()
            let document = try StatusDocument(home: home, facts: facts, common.patience)
            try common.output.finish(document, words: document.lines)
        }
    }
}

/// The document of `status` (docs/cli.md).
struct StatusDocument: Encodable {
    struct Allowance: Encodable {
        var total: UInt64
        var spent: UInt64
        var left: UInt64
    }
    struct Log: Encodable {
        var number: UInt32
        /// As the signer last vouched for it.
        var size: UInt64
        var root: String
        /// Leaves in the gate's journal.
        var journalSize: UInt64
    }
    struct Limit: Encodable {
        var name: String
        /// Charged in the window that ends now.
        var amount: UInt64
        var count: UInt32
        var amountMax: UInt64?
        var countMax: UInt32?
        var windowSeconds: UInt32
    }
    struct Kernel: Encodable {
        var landlockABI: UInt32
        var memfdSecret: Bool
        var landlock: Bool
        var seccomp: Bool
        var notDumpable: Bool
        var noNewPrivileges: Bool
        var noCore: Bool
        var noCapabilities: Bool
        var ownUser: Bool
        var weakerAccepted: Bool
        /// Stack, data and heap are kept from swap; then: all other memory is, too.
        var lockedMemory: Bool
        var allMemoryLocked: Bool

        init(bits: UInt32, landlockABI: UInt32) {
            self.landlockABI = landlockABI
            memfdSecret = bits & KernelBits.memfdSecret != 0
            landlock = bits & KernelBits.landlock != 0
            seccomp = bits & KernelBits.seccomp != 0
            notDumpable = bits & KernelBits.notDumpable != 0
            noNewPrivileges = bits & KernelBits.noNewPrivileges != 0
            noCore = bits & KernelBits.noCore != 0
            noCapabilities = bits & KernelBits.noCapabilities != 0
            ownUser = bits & KernelBits.ownUser != 0
            weakerAccepted = bits & KernelBits.weakerAccepted != 0
            lockedMemory = bits & KernelBits.lockedMemory != 0
            allMemoryLocked = bits & KernelBits.allMemoryLocked != 0
        }
    }

    var state = "down"
    var home: String
    var network: String
    var homeID: String
    var policyHash: String
    var epoch: UInt64?
    var allowance: Allowance?
    var log: Log?
    var limits: [Limit] = []
    var processes: [ProcessFacts] = []
    var uptimeSeconds: Int64?
    var lastFailure: String?
    /// What the signer found in force for itself.
    var kernel: Kernel?
    /// Whether all processes run as one user: for development only.
    var oneUid: Bool
    /// The refusal's name, where one of them gave no answer.
    var noAnswer: String?

    init(home: Home, facts: HomeFacts, _ patience: Patience) throws(FrontError) {
        self.home = home.path
        network = facts.network
        homeID = facts.homeID
        policyHash = facts.policyHash
        oneUid = facts.users == nil
        let refused = try readSupervisor(Appliance(home, patience))
        let gate: GateStatusFacts
        do throws(FrontError) {
            let reply = try FrontClient.askIfAny(.status, of: home, patience)
            guard case .status(let found) = reply else {
                // Without the right to ask the supervisor, "down" would be a guess.
                if let refused { throw refused }
                return
            }
            gate = found
        } catch {
            if refused != nil { throw error }
            if case .silent(let report) = error { noAnswer = report.name }
            return
        }
        state = gate.signerPhase == "ready" && !gate.serving ? "unresumed" : gate.signerPhase
        try read(gate, home)
    }

    /// What the supervisor knows. That we may not ask is given back: the front may still answer.
    private mutating func readSupervisor(_ appliance: Appliance) throws(FrontError) -> FrontError? {
        do throws(FrontError) {
            guard let reply = try appliance.supervisorIfAny() else { return nil }
            let now = linux_clock_nanoseconds(LINUX_CLOCK_BOOTTIME)
            processes = reply.processes.map { ProcessFacts($0) }
            uptimeSeconds = (now - reply.startedBoottime) / 1_000_000_000
            lastFailure = reply.lastFailure
            state = "starting"
            return nil
        } catch {
            if case .silent(let report) = error { noAnswer = report.name }
            return error
        }
    }

    private mutating func read(_ gate: GateStatusFacts, _ home: Home) throws(FrontError) {
        // Nothing is known of a signer that has not spoken yet.
        if gate.kernelBits != 0 {
            kernel = Kernel(bits: gate.kernelBits, landlockABI: gate.landlockABI)
        }
        guard gate.signerPhase != "sealed" else { return }
        epoch = gate.epoch
        policyHash = gate.policyHash
        allowance = Allowance(
            total: gate.allowanceTotal,
            spent: gate.allowanceSpent,
            left: gate.allowanceTotal - min(gate.allowanceSpent, gate.allowanceTotal)
        )
        log = Log(
            number: gate.logNumber,
            size: gate.logSize,
            root: gate.root,
            journalSize: gate.journalSize
        )
        let bundle = try BundleFacts(reading: try Files.read(home.bundle, limit: 64 << 20))
        for (limit, used) in zip(bundle.limits, gate.limits) {
            limits.append(
                Limit(
                    name: limit.name,
                    amount: used.amount,
                    count: used.count,
                    amountMax: limit.amountMax,
                    countMax: limit.countMax,
                    windowSeconds: limit.windowSeconds
                )
            )
        }
    }
}

extension StatusDocument {
    var lines: [String] {
        var lines = ["State: \(state) (network \(network), home \(home))"]
        if let noAnswer { lines.append("No answer: \(noAnswer) (`portcullis refusals` says more)") }
        if let uptimeSeconds { lines.append("Up for \(uptimeSeconds) s") }
        lines.append("Policy: \(policyHash)" + (epoch.map { ", epoch \($0)" } ?? ""))
        if let allowance {
            lines.append(
                "Allowance left: \(AmountText.words(allowance.left)) of "
                    + AmountText.words(allowance.total)
            )
        }
        if let log { lines.append("Log \(log.number): \(log.size) entries, root \(log.root)") }
        for limit in limits {
            var used = ["\(limit.amount)" + (limit.amountMax.map { " of \($0)" } ?? "") + " sat"]
            used.append("\(limit.count)" + (limit.countMax.map { " of \($0)" } ?? "") + " payments")
            lines.append(
                "Limit \(limit.name): \(used.joined(separator: ", ")) in \(limit.windowSeconds) s"
            )
        }
        lines += processes.map(\.words)
        if let kernel {
            let locked = kernel.allMemoryLocked ? "all" : kernel.lockedMemory ? "on" : "OFF"
            lines.append(
                "Signer's own word: memfd_secret \(kernel.memfdSecret ? "on" : "OFF"), Landlock "
                    + "\(kernel.landlock ? "on" : "OFF") (ABI \(kernel.landlockABI))"
                    + ", locked memory \(locked)"
                    + (kernel.weakerAccepted ? ", A WEAKER KERNEL WAS ACCEPTED" : "")
            )
        }
        if oneUid { lines.append("All processes run as one user: for development only.") }
        if let lastFailure { lines.append("Started again last because: \(lastFailure)") }
        return lines
    }
}
