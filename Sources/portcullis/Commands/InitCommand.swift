import ArgumentParser
import Front

/// `portcullis init`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a new home: keys, policy, empty log.",
        discussion: """
            Compiles the policy, makes a seed from the kernel's randomness (or restores one from \
            --mnemonic-fd), and lays down the keystore, sealed with the passphrase, the signer's \
            state record and the empty log. The seed exists in the signer's process only; words to \
            restore, and their passphrase, pass through here, are brought into the form that \
            BIP-39 hashes (UTF-8, NFKD) and wiped. An existing home is never touched.

            The words of a new seed are shown once, on the terminal or to --words-out-fd. They are \
            the only backup of the keys, and they bypass every policy: write them down and lock \
            them away.

            As root each process gets a user of its own; without root all run as you, which is for \
            development. A policy that names no admin key gets one on throw-away networks, in \
            admin/; on main, name your own.

            Examples:
              portcullis init --network regtest --policy policies/examples/regtest-open.toml
              portcullis init --network signet --policy mine.toml --mnemonic-fd 3 3< words

            Exit status: 0 the home is made, 2 usage, 3 refused (policy, words or passphrase, or \
            something is there already), 1 anything else. On any but 0 nothing is left behind.
            """
    )

    @OptionGroup var common: CommonOptions

    @Option(name: .long, help: "One of main, test, testnet4, signet and regtest.")
    var network: NetworkName

    @Option(name: .long, help: ArgumentHelp("The policy, a TOML file.", valueName: "file"))
    var policy: String

    @Option(name: .long, help: "Read BIP-39 words to restore from this descriptor.")
    var mnemonicFd: Int32?

    @Option(name: .long, help: "Read the BIP-39 passphrase of the words from this descriptor.")
    var mnemonicPassphraseFd: Int32?

    @Option(name: .long, help: "Read the keystore's passphrase from this descriptor.")
    var passphraseFd: Int32?

    @Option(name: .long, help: "Write the words of the new seed to this descriptor.")
    var wordsOutFd: Int32?

    @Option(name: .long, help: "How many words a new seed has: 12 or 24.")
    var words = 24

    @Option(name: .long, help: "Passes of Argon2id over the keystore's passphrase, 1 to 16.")
    var argon2Passes: UInt32 = 3

    @Option(
        name: .long,
        help: "Memory of Argon2id in MiB, 8 to 1024. Default: 256; on regtest 64."
    )
    var argon2MemoryMib: UInt32?

    @Option(name: .long, help: "As root: the user that the signer runs as.")
    var signerUid: UInt32 = 64_101

    @Option(name: .long, help: "As root: the user that the gate runs as.")
    var gateUid: UInt32 = 64_102

    @Option(name: .long, help: "As root: the user that the front runs as.")
    var frontUid: UInt32 = 64_103

    @Option(name: .long, help: "As root: the group whose members may `sign --direct`.")
    var clientsGid: UInt32 = 64_104

    mutating func validate() throws {
        guard words == 12 || words == 24 else { throw ValidationError("--words is 12 or 24") }
        guard (1...16).contains(argon2Passes) else {
            throw ValidationError("--argon2-passes is 1 to 16")
        }
        guard (8...1_024).contains(memoryMib) else {
            throw ValidationError("--argon2-memory-mib is 8 to 1024")
        }
        // Each user has a group of the same number: the front must not be of the clients'.
        guard Set([0, signerUid, gateUid, frontUid, clientsGid]).count == 5 else {
            throw ValidationError(
                "--signer-uid, --gate-uid, --front-uid and --clients-gid must be distinct, and "
                    + "none of them root"
            )
        }
        guard mnemonicFd != nil || mnemonicPassphraseFd == nil else {
            throw ValidationError("--mnemonic-passphrase-fd belongs to --mnemonic-fd")
        }
        let numbers = [mnemonicFd, mnemonicPassphraseFd, passphraseFd, wordsOutFd].compactMap { $0 }
        guard Set(numbers).count == numbers.count else {
            throw ValidationError(
                "--mnemonic-fd, --mnemonic-passphrase-fd, --passphrase-fd and --words-out-fd need "
                    + "a descriptor each"
            )
        }
        guard mnemonicFd == nil || wordsOutFd == nil else {
            throw ValidationError("--words-out-fd is for a new seed, not a restored one")
        }
    }

    private var memoryMib: UInt32 { argon2MemoryMib ?? (network == .regtest ? 64 : 256) }

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            let home = try common.resolveHome()
            let users = HomeFacts.Users(
                signer: signerUid,
                gate: gateUid,
                front: frontUid,
                clients: clientsGid
            )
            let plan = InitPlan(
                home: home,
                network: network,
                policyFile: policy,
                seed: SeedSource(
                    words: mnemonicFd,
                    passphrase: mnemonicPassphraseFd,
                    newWordCount: words,
                    wordsOut: wordsOutFd
                ),
                passphrase: passphraseFd,
                passes: argon2Passes,
                memoryMib: memoryMib,
                users: Processes.isRoot ? users : nil
            )
            let made = try plan.carryOut(common.output)
            try common.output.finish(InitDocument(made, home), words: made.lines(home))
        }
    }
}

/// The networks as options and files spell them; raw values are those of the protocol.
enum NetworkName: String, ExpressibleByArgument, CaseIterable {
    case main, test, testnet4, signet, regtest

    /// Coins of it have no price.
    var isThrowAway: Bool { self != .main }
}

/// The document of `init`.
struct InitDocument: Encodable {
    var home: String
    var network: String
    var homeID: String
    var fingerprint: String
    var auditKey: String
    var policyHash: String
    /// Where init put the admin's private key, if it made one.
    var adminKey: String?
    var wallets: [WalletFacts]

    init(_ made: InitResult, _ home: Home) {
        self.home = home.path
        network = made.facts.network
        homeID = made.facts.homeID
        fingerprint = made.facts.fingerprint
        auditKey = made.facts.auditKey
        policyHash = made.facts.policyHash
        adminKey = made.madeAdminKey ? home.adminKey : nil
        wallets = made.facts.wallets
    }
}

extension InitResult {
    func lines(_ home: Home) -> [String] {
        var lines = [
            "A new home at \(home.path) on \(facts.network).",
            "  policy \(facts.policyHash)",
            "  master key fingerprint \(facts.fingerprint)",
        ]
        lines += facts.wallets.flatMap(\.lines).map { "  " + $0 }
        lines.append("  audit key \(facts.auditKey)")
        if madeAdminKey {
            lines.append("  admin key \(home.adminKey): whoever has it can raise the allowance")
        }
        lines.append("Next: portcullis up --home \(home.path)")
        return lines
    }
}
