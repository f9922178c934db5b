import ArgumentParser
private import CLinux
import Front

/// The root of all commands.
struct Portcullis: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "portcullis",
        abstract: "A Bitcoin signer that cannot be talked into a bad signature.",
        discussion: """
            Keys live in one process that can do almost nothing, every payment is held against a \
            policy, and no signature leaves without a log entry that came first.

            A first round, on a throw-away network:
              portcullis doctor
              portcullis init --network regtest --policy policies/examples/regtest-open.toml
              portcullis up            (leave it running; the next ones in another terminal)
              portcullis unlock
              portcullis wallet address segwit
              portcullis psbt inspect payment.psbt
              portcullis sign payment.psbt -o signed.psbt
              portcullis audit receipt signed.psbt.receipt
              portcullis audit verify

            Exit status: 0 done, 2 usage, 3 refused by policy or a check, 4 waiting for approval, \
            1 anything else. With --json there is exactly one JSON document on standard output.
            """,
        version: "0.1.0",
        subcommands: [
            DoctorCommand.self, InitCommand.self, UpCommand.self, UnlockCommand.self,
            LockCommand.self, RefillCommand.self, RecoverCommand.self, StatusCommand.self,
            PolicyCommand.self, WalletCommand.self, PSBTCommand.self, SignCommand.self,
            MessageCommand.self, AuditCommand.self, BIP85Command.self, RefusalsCommand.self,
        ]
    )

    /// Parses, runs, reports; the exit status of the program.
    static func runFromArguments() -> Int32 {
        _ = linux_ignore_sigpipe()
        guard holdStandardDescriptors() else { return 1 }
        // Passphrases pass through here: no core file, and nobody of our own user reads along.
        _ = linux_limit_set(LINUX_RLIMIT_CORE, 0)
        _ = linux_prctl(LINUX_PR_SET_DUMPABLE, 0, 0)
        let asksForJSON = CommandLine.arguments.contains("--json")
        do {
            var command = try parseAsRoot()
            try command.run()
            return 0
        } catch let failure as CommandFailure {
            Output(json: failure.json).fail(failure.error)
            return failure.error.exitStatus
        } catch let status as ExitCode {
            return status.rawValue
        } catch {
            let text = fullMessage(for: error)
            guard exitCode(for: error) != .success else {
                // Help or the version was asked for.
                if asksForJSON {
                    Output(json: true).tell(text)
                } else {
                    Output.write(text + "\n", to: 1)
                }
                return 0
            }
            if asksForJSON {
                Output(json: true).fail(.usage(message(for: error)))
            } else {
                Output.write(text + "\n", to: 2)
            }
            return FrontError.usage("").exitStatus
        }
    }
}

/// Puts /dev/null in the place of each of 0, 1 and 2 that is not open. Otherwise the next file that
/// is opened, a keystore for one, would take the number, and words for a person would go into it.
private func holdStandardDescriptors() -> Bool {
    while true {
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        let number = unsafe "/dev/null".withCString {
            unsafe linux_open(LINUX_AT_FDCWD, $0, LINUX_O_RDWR, 0)
        }
        guard number >= 0 else { return false }
        if number > 2 {
            _ = linux_close(number)
            return true
        }
    }
}

/// Ends the program.
func exitWith(_ status: Int32) -> Never { linux_exit(status) }

/// An error of a command, with the way in which it is to be reported.
struct CommandFailure: Error {
    let error: FrontError
    let json: Bool
}

/// The options of every command.
struct CommonOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The appliance's folder.",
            discussion: "Default: $PORTCULLIS_HOME, or ~/.portcullis.",
            valueName: "dir"
        )
    )
    var home: String?

    @Flag(name: .long, help: "One JSON document on standard output; words on standard error.")
    var json = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Give up on a process of the appliance that says nothing for so long.",
            valueName: "seconds"
        )
    )
    var timeout = Patience.usual.seconds

    mutating func validate() throws {
        let range = Patience.secondsRange
        guard home != "" else { throw ValidationError("--home is empty") }
        guard range.contains(timeout) else {
            throw ValidationError("--timeout is \(range.lowerBound) to \(range.upperBound)")
        }
    }

    var output: Output { Output(json: json) }
    var patience: Patience { Patience(seconds: timeout) }

    /// The home that was named, or the usual one.
    func resolveHome() throws(FrontError) -> Home {
        let named = home ?? Environment.value("PORTCULLIS_HOME")
        if let named {
            guard !named.isEmpty else { throw .usage("PORTCULLIS_HOME is empty") }
            return Home(path: try Environment.absolute(named))
        }
        guard let user = Environment.value("HOME"), !user.isEmpty else {
            throw .usage("no home: give --home DIR, or set PORTCULLIS_HOME")
        }
        return Home(path: try Environment.absolute(user + "/.portcullis"))
    }

    /// Runs a command's work, so that a failure is reported as --json asks.
    func run(_ work: () throws(FrontError) -> Void) throws {
        do throws(FrontError) {
            try work()
        } catch {
            throw CommandFailure(error: error, json: json)
        }
    }
}
