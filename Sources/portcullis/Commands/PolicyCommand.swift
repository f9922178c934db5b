import ArgumentParser
private import Bitcoin
import Front
import Policy
import PolicyLanguage

/// `portcullis policy`
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Write a first policy, or see what one means.",
        discussion: """
            A policy is one TOML file: which wallets there are, who may be paid, how much, how \
            often. Nothing here needs a home.

            Examples:
              portcullis policy starter --network signet --wallet 'hot=wpkh(self/84h/1h/0h/<0;1>/*)'
              portcullis policy check mine.toml
              portcullis policy cases mine.toml mine.case

            Exit status: 0 done, 2 usage, 3 it does not compile or meet its cases, 1 \
            anything else.
            """,
        subcommands: [Starter.self, Check.self, BoundOf.self, Cases.self, Simulate.self, Zone.self]
    )
}

extension PolicyCommand {
    struct Starter: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "starter",
            abstract: "Print a complete policy for wallets that you name.",
            discussion: """
                Prints a commented policy to standard output that compiles as it stands and allows \
                what policies/examples/regtest-open.toml allows. Tighten it before there is money \
                behind it.

                NAME is yours to choose. DESCRIPTOR is any of BIP-380 to 390 with a key of the \
                signer's own seed in it, written by its steps from the master key, \
                self/84h/1h/0h/<0;1>/*, or with fingerprint and xpub, as other programs write it: \
                [f5acc2fd/84h/1h/0h]tpub…/<0;1>/*. In the second form the policy names the \
                signer's fingerprint: give it with --fingerprint where keys of others stand in the \
                descriptor as well. `portcullis wallet xpub` prints an own key for cosigners.

                Examples:
                  portcullis policy starter --network signet \\
                    --wallet 'hot=wpkh(self/84h/1h/0h/<0;1>/*)' > mine.toml
                  portcullis policy starter --network main --admin ~/.ssh/admin.pub \\
                    --wallet 'vault=wsh(sortedmulti(2,self/48h/0h/0h/2h/<0;1>/*,[…]xpub…/<0;1>/*))'

                Exit status: 0 printed, 2 usage, 3 a descriptor cannot be a wallet, 1 anything \
                else.
                """
        )

        @OptionGroup var common: CommonOptions

        @Option(name: .long, help: "One of main, test, testnet4, signet and regtest.")
        var network: NetworkName

        @Option(
            name: .long,
            help: ArgumentHelp("A wallet; may be given often.", valueName: "name=descriptor")
        )
        var wallet: [String] = []

        @Option(
            name: .long,
            help: ArgumentHelp("Of the signer's master key, in 8 digits.", valueName: "hex")
        )
        var fingerprint: String?

        @Option(
            name: .long,
            help: ArgumentHelp(
                "An SSH public key, or a file with one, of somebody who may refill; may be given "
                    + "often. Needed on main.",
                valueName: "key"
            )
        )
        var admin: [String] = []

        mutating func validate() throws {
            guard !wallet.isEmpty else {
                throw ValidationError("at least one --wallet NAME=DESCRIPTOR is needed")
            }
            guard fingerprint.map({ $0.utf8.count == 8 && [UInt8](hexDigits: $0) != nil }) ?? true
            else { throw ValidationError("--fingerprint is 8 hexadecimal digits") }
            guard network.isThrowAway || !admin.isEmpty else {
                throw ValidationError(
                    "on main somebody must be able to refill: --admin KEY, an SSH public key or a "
                        + "file with one"
                )
            }
        }

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let starter = try make()
                if !starter.candidates.isEmpty, let taken = starter.fingerprint {
                    common.output.say(
                        "Which key is the signer's? \(taken) was taken, the first of "
                            + "\(starter.candidates.joined(separator: ", ")); --fingerprint says."
                    )
                }
                let document = StarterDocument(
                    policy: starter.text,
                    network: network.rawValue,
                    fingerprint: starter.fingerprint,
                    candidates: starter.candidates
                )
                try common.output.finish(document, text: starter.text)
            }
        }

        private func make() throws(FrontError) -> StarterPolicy {
            var wallets: [StarterPolicy.Wallet] = []
            for text in wallet {
                guard let mark = text.firstIndex(of: "=") else {
                    throw .usage("--wallet \(text): expected NAME=DESCRIPTOR")
                }
                wallets.append(
                    StarterPolicy.Wallet(
                        name: String(text[..<mark]),
                        descriptor: String(text[text.index(after: mark)...])
                    )
                )
            }
            var admins: [String] = []
            for text in admin { admins.append(try AdminKeyText.read(text)) }
            guard let network = WalletKeys.network(named: network.rawValue) else {
                throw .failed("the network \(network.rawValue) has no name")
            }
            do throws(PolicyError) {
                return try StarterPolicy(
                    network: network,
                    wallets: wallets,
                    fingerprint: fingerprint?.lowercased(),
                    admins: admins
                )
            } catch {
                throw .refused(
                    RefusalReport(
                        .policyInvalid,
                        message: error.description,
                        remedy: "`portcullis help policy starter` shows how wallets are written"
                    )
                )
            }
        }
    }
}

/// A line of authorized_keys, given as it is or as a file that begins with it.
private enum AdminKeyText {
    static func read(_ text: String) throws(FrontError) -> String {
        var line = text
        if !text.contains(" ") {
            let bytes = try Files.read(text, limit: 1 << 16)
            line = String(decoding: bytes, as: UTF8.self)
        }
        let first = line.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        guard !first.contains("\""), !first.contains("\\") else {
            throw .usage("--admin: quotation marks and backslashes cannot stand in a key")
        }
        return first
    }
}

/// The document of `policy starter`.
struct StarterDocument: Encodable {
    var policy: String
    var network: String
    var fingerprint: String?
    /// Where it was not sure whose key is the signer's: those that could be.
    var candidates: [String]
}

extension PolicyCommand {
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Compile a policy, say what it means and what is wrong with it.",
            discussion: """
                Says in plain words what the policy lets through, wallet by wallet and rule by \
                rule, and the worst case: the most that can be signed while the gate is honest, \
                and the most if it is stolen. If it does not compile, the line, the key, what was \
                found and what was expected. Nothing is made; `init` compiles in the same way.

                Then what of it does nothing: rules that no payment can match, that deny rules \
                leave nothing of or another rule says already, that never have room; limits that \
                are never reached; lists and wallets that no rule is about. Only what is proven \
                is said, and with --strict such a policy is refused.

                Examples:
                  portcullis policy check mine.toml
                  portcullis policy check mine.toml --strict

                Exit status: 0 it compiles, 2 usage, 3 it does not, or asks for what this version \
                does not enforce, or --strict found something, 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "The policy, or - for standard input.")
        var file: String

        @Option(name: .long, help: "The network that the policy must be for.")
        var network: NetworkName?

        @Flag(name: .long, help: "Exit with 3 if something of it does nothing.")
        var strict = false

        mutating func run() throws {
            var (isFlawless, isEnforced) = (false, false)
            try common.run { () throws(FrontError) in
                let source = try PolicySource(path: file, network: network)
                let bytes = try source.compile()
                let bundle: CheckedBundle
                do throws(BundleError) {
                    bundle = try CheckedBundle(checking: bytes.span)
                } catch {
                    throw .failed("the compiled policy cannot be read back: \(error)")
                }
                var words = BundleText.describe(bundle)
                let unenforced = BundleText.unenforced(in: bundle)
                isEnforced = unenforced.isEmpty
                for part in unenforced {
                    words.append(
                        "Not enforced by this version, so `init` refuses the policy: \(part)."
                    )
                }
                if bundle.adminCount == 0 {
                    words.append("Without admins `init` makes an admin key, but not on main.")
                }
                let flaws = FlawFinder.flaws(of: bundle)
                words += flaws.map { "Does nothing: \($0.words)" }
                isFlawless = flaws.isEmpty
                var document = try PolicyDocument(bundle, bytes, words)
                document.findings = flaws.map(PolicyDocument.Finding.init)
                document.unenforced = unenforced
                try common.output.finish(document, words: words)
            }
            // The document has been printed; only the status is left to give.
            if !isEnforced || (strict && !isFlawless) { throw ExitCode(3) }
        }
    }
}

/// The document of `policy check`. Amounts are satoshi.
struct PolicyDocument: Encodable {
    struct Wallet: Encodable {
        var name: String
        var kind: String
        var descriptor: String
        var indexMax: UInt32
    }

    struct Worst: Encodable {
        var perTransaction: UInt64
        var perHour: UInt64
        var perDay: UInt64
        /// With a stolen gate, in all.
        var allowance: UInt64
    }

    var network: String
    /// As every entry of the log would name it, unless `init` has to add an admin.
    var policyHash: String
    var wallets: [Wallet]
    var worstCase: Worst
    var admins: Int
    var adminThreshold: Int
    var description: [String]
    var findings: [Finding] = []
    /// What signer and gate of this version do not enforce, so that `init` refuses the policy.
    var unenforced: [String] = []

    /// What of the policy does nothing.
    struct Finding: Encodable {
        var kind: String
        var subject: String
        var name: String
        var line: Int?
        var message: String

        init(_ flaw: PolicyFlaw) {
            (kind, subject, name) = (flaw.kind.rawValue, flaw.subject, flaw.name)
            (line, message) = (flaw.line, flaw.message)
        }
    }

    init(_ bundle: CheckedBundle, _ bytes: [UInt8], _ words: [String]) throws(FrontError) {
        let facts = try BundleFacts(reading: bytes)
        network = "\(bundle.network.name)"
        policyHash = bundle.hash.hexDigits
        wallets = facts.wallets.map { wallet in
            Wallet(
                name: wallet.name,
                kind: wallet.template.kind.words,
                descriptor: wallet.descriptor,
                indexMax: wallet.template.indexMax
            )
        }
        let worst = WorstCase(of: bundle)
        worstCase = Worst(
            perTransaction: worst.perTransaction,
            perHour: worst.perHour,
            perDay: worst.perDay,
            allowance: worst.allowance
        )
        admins = bundle.adminCount
        adminThreshold = bundle.adminThreshold
        description = words
    }
}
