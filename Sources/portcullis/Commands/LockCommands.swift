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
            nothing. Returns when the gate serves.

            Example:
              portcullis unlock --home box
            """
    )

    @OptionGroup var common: CommonOptions

    @Option(name: .long, help: "Read the passphrase from this descriptor.")
    var passphraseFd: Int32?

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            let home = try common.resolveHome()
            let facts = try home.readFacts()
            let document = UnlockedDocument(unlocked: true, network: facts.network)
            if try Appliance(home).status().serving {
                try common.output.finish(document, words: ["It is unlocked already."])
                return
            }
            var passphrase: Secret?
            if let passphraseFd {
                passphrase = try Secret.read(descriptor: passphraseFd, what: "the passphrase")
            } else {
                passphrase = try Secret.prompt("Passphrase of the keystore: ")
            }
            guard let secret = passphrase.take() else { return }
            try Appliance(home).unlock(secret)
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
            that was under way is answered when it is sent again.

            Example:
              portcullis lock --home box
            """
    )

    @OptionGroup var common: CommonOptions

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            let home = try common.resolveHome()
            _ = try home.readFacts()
            try Appliance(home).lock()
            try common.output.finish(
                ["locked": true],
                words: ["Locked. The signer is sealed: `portcullis unlock` opens it."]
            )
        }
    }
}

struct UnlockedDocument: Encodable {
    var unlocked: Bool
    var network: String
}
