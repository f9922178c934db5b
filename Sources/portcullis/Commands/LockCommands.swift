import ArgumentParser
import Front
import LocalSocket
import Wire

/// `portcullis unlock`
struct UnlockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "Give the signer its passphrase.",
        discussion: """
            The signer opens its keystore and gives up every right it does not need any more. The \
            passphrase comes from --passphrase-fd or from a prompt that does not show it, never \
            from an argument or the environment. A wrong one is refused with exit 3 and changes \
            nothing. Returns when the gate serves. Where the signer is open already that is said, \
            with exit 0, and no passphrase is looked at.

            Example:
              portcullis unlock --home box

            Exit status: 0 unlocked, 2 usage, 3 refused (a wrong passphrase), 1 anything else.
            """
    )

    @OptionGroup var common: CommonOptions

    @Option(name: .long, help: "Read the passphrase from this descriptor.")
    var passphraseFd: Int32?

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            let home = try common.resolveHome()
            let facts = try home.readFacts()
            try Secret.check(descriptor: passphraseFd, what: "the passphrase of --passphrase-fd")
            let appliance = Appliance(home, common.patience)
            let isOpen = ["unresumed", "ready"].contains(try appliance.status().signerPhase)
            let document = UnlockedDocument(
                unlocked: true,
                alreadyUnlocked: isOpen,
                network: facts.network
            )
            if isOpen {
                try appliance.awaitService()
                let words = "It is unlocked already; the passphrase was not looked at."
                try common.output.finish(document, words: [words])
                return
            }
            var passphrase: Secret?
            if let passphraseFd {
                passphrase = try Secret.read(
                    descriptor: passphraseFd,
                    what: "the passphrase of --passphrase-fd"
                )
            } else {
                passphrase = try Secret.prompt("Passphrase of the keystore: ")
            }
            guard let secret = passphrase.take() else { return }
            try appliance.unlock(secret)
            try common.output.finish(
                document,
                words: ["Unlocked. The gate serves; payments can be signed."]
            )
        }
    }
}

/// `portcullis lock`
struct LockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Stop the signer at once.",
        discussion: """
            The supervisor ends the signer; the keys are gone with its memory. It comes back \
            sealed and waits for `portcullis unlock`. Nothing that was promised is lost: a request \
            that was under way is answered when it is sent again. Locking what is locked does the \
            same once more, with exit 0: gate and front are not asked before.

            Example:
              portcullis lock --home box

            Exit status: 0 locked, 2 usage, 1 anything else.
            """
    )

    @OptionGroup var common: CommonOptions

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            let home = try common.resolveHome()
            _ = try home.readFacts()
            let appliance = Appliance(home, common.patience)
            // Front and gate are not asked before: no word of theirs can keep a signer open.
            try appliance.endSigner()
            common.output.say("The signer was ended; its keys are gone with it.")
            try appliance.awaitSuccessor()
            try common.output.finish(
                ["locked": true],
                words: ["Locked. The signer is sealed: `portcullis unlock` opens it."]
            )
        }
    }
}

struct UnlockedDocument: Encodable {
    var unlocked: Bool
    /// It was open before; the passphrase was not looked at.
    var alreadyUnlocked: Bool
    var network: String
}
