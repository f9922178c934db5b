import ArgumentParser
private import CLinux
import Front
import LocalSocket

/// `portcullis bip85`
struct BIP85Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bip85",
        abstract: "Derive the seed of another wallet from this one (BIP-85).",
        discussion: """
            A child is a seed of its own: whoever has it has that wallet, and learns nothing of \
            the one that it came from. It can always be derived again, so it needs no backup. It \
            bypasses every policy here, as the words of the seed do.

            It is derived in a process of the signer's own, confined as `init` is, from the \
            home's seed with its passphrase or from words with --mnemonic-fd; from there it goes \
            straight to the terminal, or to --out-fd, and nowhere else. The signer that serves \
            never answers such a question.

            Examples:
              portcullis bip85 words --words 12 --index 0 --home box
              portcullis bip85 hex --bytes 32 --index 7 --out-fd 4 --home box 4> key.hex

            Exit status: 0 derived, 2 usage, 3 refused (words or passphrase), 1 anything else.
            """,
        subcommands: [Words.self, Hex.self]
    )

    struct Words: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "words",
            abstract: "Derive the English words of a child (BIP-39).",
            discussion: """
                The application 39h of BIP-85, in English.

                Example:
                  portcullis bip85 words --words 12 --index 0 --home box

                Exit status: 0 derived, 2 usage, 3 refused (words or passphrase), 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var seed: OfflineSeedOptions
        @OptionGroup var child: BIP85ChildOptions

        @Option(name: .long, help: "How many words: 12, 18 or 24.")
        var words = 24

        mutating func validate() throws {
            guard [12, 18, 24].contains(words) else {
                throw ValidationError("--words is 12, 18 or 24")
            }
        }

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let path = "m/83696968h/39h/0h/\(words)h/\(child.index)h"
                try child.derive(["words", "\(words)"], path, seed, common)
            }
        }
    }

    struct Hex: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "hex",
            abstract: "Derive bytes for a child, in hexadecimal.",
            discussion: """
                The application 128169h of BIP-85.

                Example:
                  portcullis bip85 hex --bytes 32 --index 0 --home box

                Exit status: 0 derived, 2 usage, 3 refused (words or passphrase), 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var seed: OfflineSeedOptions
        @OptionGroup var child: BIP85ChildOptions

        @Option(name: .long, help: "How many bytes, 16 to 64.")
        var bytes = 32

        mutating func validate() throws {
            guard (16...64).contains(bytes) else { throw ValidationError("--bytes is 16 to 64") }
        }

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let path = "m/83696968h/128169h/\(bytes)h/\(child.index)h"
                try child.derive(["hex", "\(bytes)"], path, seed, common)
            }
        }
    }
}

/// Which child, and where it goes.
struct BIP85ChildOptions: ParsableArguments {
    @Option(name: .long, help: "The number of the child, up to 999999999.")
    var index: UInt32 = 0

    @Option(name: .long, help: "Write the child to this descriptor instead of the terminal.")
    var outFd: Int32?

    mutating func validate() throws {
        guard index <= 999_999_999 else { throw ValidationError("--index is up to 999999999") }
    }

    func derive(
        _ form: [String],
        _ path: String,
        _ seed: OfflineSeedOptions,
        _ common: CommonOptions
    ) throws(FrontError) {
        try seed.check()
        if seed.mnemonicFd == nil { _ = try common.resolveHome().readFacts() }
        let place: Descriptor
        if let outFd {
            guard outFd != 1 || !common.json else {
                throw .usage("--out-fd 1: with --json standard output is for the document alone")
            }
            do throws(FrontError) {
                try Secret.check(descriptor: outFd, what: "")
            } catch {
                throw .usage("descriptor \(outFd) of --out-fd is not open")
            }
            var named = Descriptor(adopting: outFd)
            named.pin()
            place = named
        } else {
            guard Files.canOpen("/dev/tty") else {
                throw .usage("nobody would see the child: use a terminal or --out-fd N")
            }
            place = try Files.open("/dev/tty", flags: LINUX_O_RDWR)
        }
        _ = try seed.ask(form + ["\(index)"], common, child: place)
        try common.output.finish(
            BIP85Document(path: path),
            words: ["Derived \(path). Whoever has it has that wallet."]
        )
    }
}

/// The document of `bip85`; what was derived is never in it.
struct BIP85Document: Encodable {
    var path: String
}
