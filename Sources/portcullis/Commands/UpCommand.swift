import ArgumentParser
import Front

/// `portcullis up`
struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run the appliance in the foreground.",
        discussion: """
            Starts signer, gate and front, each confined, and starts them again when they end. \
            Prints one line, `ready`, when all three answer. Without a passphrase the signer stays \
            sealed until `portcullis unlock`; with --passphrase-fd it is unlocked at once, and \
            `ready` means that payments can be signed. The passphrase is used once and kept by \
            nobody: a signer that ended comes back sealed.

            SIGTERM, SIGINT (Ctrl-C), SIGQUIT or SIGHUP stops everything. A process that ends \
            again and again is started after 10 ms, 20 ms, 40 ms and so on, until one held for \
            10 s. A front that says nothing for twice --timeout is ended and started again. Where \
            the log is damaged, or another `up` runs on this home, it ends with exit 1.

            Examples:
              portcullis up --home box
              portcullis up --home box --passphrase-fd 3 3< passphrase

            Exit status: 0 it was asked to stop, 2 usage, 3 refused (a wrong passphrase), 1 \
            anything else.
            """
    )

    @OptionGroup var common: CommonOptions

    @Option(name: .long, help: "Read the keystore's passphrase from this descriptor, and unlock.")
    var passphraseFd: Int32?

    @Flag(
        name: .long,
        help: "Accept a kernel without memfd_secret or Landlock ABI 6. Every unlock is logged so."
    )
    var acceptWeakerKernel = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A process that ends again and again is started after longer waits, up to this one.",
            valueName: "milliseconds"
        )
    )
    var restartWaitMax = Backoff.waitMaxMilliseconds

    mutating func validate() throws {
        guard (10...3_600_000).contains(restartWaitMax) else {
            throw ValidationError("--restart-wait-max is 10 to 3600000")
        }
    }

    mutating func run() throws {
        var wasReady = false
        do {
            try run(wasReady: &wasReady)
        } catch let failure as CommandFailure {
            // With --json `ready` was the one document; what follows is words.
            throw CommandFailure(error: failure.error, json: failure.json && !wasReady)
        }
    }

    private func run(wasReady: inout Bool) throws {
        try common.run { () throws(FrontError) in
            let home = try common.resolveHome()
            let facts = try home.readFacts()
            var passphrase: Secret?
            if let passphraseFd {
                passphrase = try Secret.read(
                    descriptor: passphraseFd,
                    what: "the passphrase of --passphrase-fd"
                )
            }
            var supervisor = try Supervisor(
                home: home,
                facts: facts,
                passphrase: passphrase.take(),
                choices: SupervisorChoices(
                    acceptsWeakerKernel: acceptWeakerKernel,
                    patience: common.patience,
                    restartWaitMaxMilliseconds: restartWaitMax
                ),
                output: common.output
            )
            defer { wasReady = supervisor.announced }
            try supervisor.run()
            if !supervisor.announced { common.output.neverReady() }
        }
    }
}
