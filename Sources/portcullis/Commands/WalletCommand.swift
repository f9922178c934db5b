import ArgumentParser
import Front

/// `portcullis wallet`
struct WalletCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wallet",
        abstract: "Descriptors, keys and addresses of the wallets in the policy.",
        discussion: """
            Which wallets there are, and from which keys, stands in the policy. What is shown is \
            public: it lets others watch, and nobody spend.

            Examples:
              portcullis wallet list --home box
              portcullis wallet address segwit --index 5 --home box
              portcullis wallet xpub 48h/1h/0h/2h --home box
              portcullis wallet export segwit --format core --home box

            Exit status: 0 done, 2 usage, 3 refused by a check, 1 anything else.
            """,
        subcommands: [List.self, Show.self, AddressOf.self, Xpub.self, Export.self]
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the wallets.",
            discussion: """
                Names, kinds and descriptors. Nothing here is secret, but whoever has it sees \
                every payment. Works without a running appliance.

                Example:
                  portcullis wallet list --home box

                Exit status: 0 listed, 2 usage, 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let wallets = try common.resolveHome().readFacts().wallets
                try common.output.finish(
                    ["wallets": wallets],
                    words: wallets.flatMap(\.lines)
                )
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show one wallet: descriptors with checksums, fingerprint, xpub.",
            discussion: """
                The descriptors make a watch-only wallet in Bitcoin Core, BDK, Sparrow and others, \
                with the key origin that lets them fill a PSBT so that we can sign it. Works \
                without a running appliance.

                Example:
                  portcullis wallet show segwit --home box

                Exit status: 0 shown, 2 usage (no such wallet), 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "The wallet's name in the policy.")
        var name: String

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let wallet = try common.resolveHome().readFacts().wallet(named: name)
                try common.output.finish(wallet, words: wallet.lines)
            }
        }
    }

    struct AddressOf: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "address",
            abstract: "Give an address that the signer itself derived.",
            discussion: """
                The address is derived here from the public keys in home.json, and compared with \
                what the front says that the signer derives from the keys it holds; if the two \
                differ, that is an error and no address is shown. With --offline nobody is asked \
                and the address is not verified.

                Example:
                  portcullis wallet address segwit --index 5 --home box

                Exit status: 0 given, 2 usage (no such wallet), 3 refused (the answers differ), 1 \
                anything else.
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "The wallet's name in the policy.")
        var name: String

        @Option(name: .long, help: "The place on the branch.")
        var index: UInt32 = 0

        @Flag(name: .long, help: "The change branch instead of the receive branch.")
        var change = false

        @Flag(name: .long, help: "Do not ask the signer.")
        var offline = false

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let home = try common.resolveHome()
                let branch: UInt8 = change ? 1 : 0
                let place = Ownership(wallet: name, branch: branch, index: index)
                var facts = try WalletKeys(home.readFacts()).address(place)
                if !offline {
                    let request = FrontRequest.address(wallet: name, branch: branch, index: index)
                    let reply = try FrontClient.ask(request, of: home, common.patience)
                    // The front may be in other hands: only what is derived here is shown.
                    facts.verified = true
                    guard reply == .address(facts) else { throw Answer.mismatch("an address") }
                }
                let words = facts.verified ? "the signer derives the same" : "not verified"
                common.output.say("\(name), \(change ? "change" : "receive") \(index): \(words)")
                try common.output.finish(facts, words: [facts.address])
            }
        }
    }
}

extension WalletFacts {
    /// A wallet in words.
    var lines: [String] {
        [
            "\(name) (\(kind), account \(account), fingerprint \(fingerprint))",
            "  receive  \(receive)",
            "  change   \(change)",
            "  xpub     \(xpub)",
            "  id       \(id)",
        ]
    }
}
