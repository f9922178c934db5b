import ArgumentParser
private import Bitcoin
import Front
private import Wallet

extension WalletCommand {
    struct Xpub: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "xpub",
            abstract: "Print an own key with its origin, ready for a descriptor.",
            discussion: """
                PATH are the steps from the master key, the hardened ones first. What comes out, \
                such as [f5acc2fd/48h/1h/0h/2h]tpub…, is what cosigners put into their \
                descriptors, with /<0;1>/* behind it.

                A key of a wallet in the policy, or one below it, is public and stands in \
                home.json. For any other, which a multisig needs before there is a policy, the \
                seed must be at hand: that of the home, with its passphrase, or the words with \
                --mnemonic-fd, for which no home is needed. It is derived in a process of the \
                signer's own that sees no network and ends at once; the signer that serves never \
                answers such a question.

                Examples:
                  portcullis wallet xpub 84h/1h/0h --home box
                  portcullis wallet xpub 48h/1h/0h/2h --network signet --mnemonic-fd 3 3< words

                Exit status: 0 printed, 2 usage, 3 refused (words or passphrase), 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var seed: OfflineSeedOptions

        @Argument(help: "Steps such as 48h/1h/0h/2h.")
        var path: String

        @Option(
            name: .long,
            help: "With --mnemonic-fd: one of main, test, testnet4, signet and regtest."
        )
        var network: NetworkName?

        mutating func validate() throws {
            guard seed.mnemonicFd == nil || network != nil else {
                throw ValidationError("--mnemonic-fd needs --network, for the form of the key")
            }
        }

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                try seed.check()
                let steps = try OwnKeyFacts.path(path)
                let found = try key(steps)
                try common.output.finish(found, text: found.key + "\n")
            }
        }

        private func key(_ steps: [UInt32]) throws(FrontError) -> OwnKeyFacts {
            if seed.mnemonicFd == nil {
                let facts = try common.resolveHome().readFacts()
                let keys = try WalletKeys(facts)
                if let network, network.rawValue != facts.network {
                    throw .usage("--network \(network.rawValue): the home is on \(facts.network)")
                }
                if let known = try OwnKeyFacts(steps, in: keys) { return known }
                return try derive(steps, isMain: keys.network == .main)
            }
            return try derive(steps, isMain: network == NetworkName.main)
        }

        private func derive(
            _ steps: [UInt32],
            isMain: Bool
        ) throws(FrontError) -> OwnKeyFacts {
            let words = steps.map(KeyPath.text(step:))
            let answer = try seed.ask(["xpub"] + words, common)
            return try OwnKeyFacts(answer: answer, path: steps, isMain: isMain)
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Write a wallet for another program to watch.",
            discussion: """
                Nothing of it is secret, but whoever has it sees every payment. FORMAT is one of \
                descriptors (with checksums: the whole, then each branch), core (the JSON for \
                importdescriptors), bip129 (a BSMS record), electrum (a wallet file), sparrow \
                (its output descriptor), specter (JSON) and coldcard (its multisig file). The \
                last four take less than every descriptor; what they cannot take is refused. \
                Works without a running appliance.

                Examples:
                  portcullis wallet export segwit --format core --home box > import.json
                  portcullis wallet export segwit --format electrum -o watch.wallet --home box

                Exit status: 0 written, 2 usage (no such wallet, or none for that program), 1 \
                anything else.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var place: PSBTOutOptions

        @Argument(help: "The wallet's name in the policy.")
        var name: String

        @Option(
            name: .long,
            help: "One of descriptors, core, bip129, electrum, sparrow, specter and coldcard."
        )
        var format: ExportFormat = .descriptors

        @Option(
            name: .long,
            help: "For Core: no coin came before, in seconds since 1970. Default: now."
        )
        var timestamp: UInt64?

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let keys = try WalletKeys(common.resolveHome().readFacts())
                let export = try WalletExport(name, keys)
                let text = try export.text(format, timestamp: timestamp)
                let document = ExportDocument(
                    wallet: name,
                    format: format.rawValue,
                    text: text,
                    out: place.file
                )
                try common.finish(document, Array(text.utf8), place, [])
            }
        }
    }
}

extension ExportFormat: ExpressibleByArgument {}

/// The document of `wallet export`.
struct ExportDocument: Encodable {
    var wallet: String
    var format: String
    /// What stands in the file.
    var text: String
    var out: String?
}
