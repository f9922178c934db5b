import ArgumentParser
import Bitcoin
private import BitcoinCrypto
import Front
import Wallet

/// The wallets that somebody knows by their descriptors.
struct PSBTDescriptorOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A descriptor of the coins, with <0;1> for both branches; may be given often.",
            valueName: "text"
        )
    )
    var descriptor: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("A wallet of the home; may be given often.", valueName: "name")
    )
    var wallet: [String] = []

    @Option(name: .long, help: "How many indices of each branch are searched, up to 1000000.")
    var range: UInt32 = 1_000

    mutating func validate() throws {
        guard (1...1_000_000).contains(range) else {
            throw ValidationError("--range is 1 to 1000000")
        }
    }

    func outputs(_ common: CommonOptions) throws(FrontError) -> DescriptorOutputs {
        var descriptors: [OutputDescriptor] = []
        for text in descriptor { descriptors.append(try PSBTParts.descriptor(text)) }
        if !wallet.isEmpty {
            let keys = try WalletKeys(common.resolveHome().readFacts())
            for name in wallet {
                do throws(FrontError) {
                    descriptors.append(try keys.wallet(named: name).descriptor)
                } catch {
                    throw .usage("--wallet \(name): \(error.message)")
                }
            }
        }
        do throws(DescriptorError) {
            return try DescriptorOutputs(descriptors, indexCount: range)
        } catch {
            guard error != .ownKeyUnknown else {
                throw .usage(
                    "--descriptor: only a home knows what self/… is; name its --wallet, or write "
                        + "the key with fingerprint and xpub"
                )
            }
            throw .usage("--descriptor: \(error)")
        }
    }
}

extension PSBTCommand {
    struct Update: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "update",
            abstract: "Add what is known of coins and outputs: transactions, scripts, keys.",
            discussion: """
                The updater of BIP-174, 371 and 373. --parent adds a previous transaction to the \
                inputs that spend it; --descriptor and --wallet add scripts, key origins, script \
                trees and aggregates to the inputs and outputs that they find there. What the \
                PSBT says already stays. Needs no home but for --wallet.

                Example:
                  portcullis psbt update new.psbt --parent funding.hex \\
                    --descriptor "wpkh([f5acc2fd/84h/1h/0h]tpub…/<0;1>/*)" -o told.psbt

                Exit status: 0 updated, 2 usage, 3 what is added contradicts the PSBT, 1 anything \
                else.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var known: PSBTDescriptorOptions
        @OptionGroup var place: PSBTOutOptions

        @Argument(help: "The PSBT, or - for standard input.")
        var file: String

        @Option(name: .long, help: "A file with a previous transaction; may be given often.")
        var parent: [String] = []

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                var psbt = try PSBTFile.psbt(file)
                var outputs = try known.outputs(common)
                var parents: [[UInt8]] = []
                for path in parent { parents.append(try PSBTParts.transactionBytes(path)) }
                let curve = try WalletKeys.curve()
                let added = try PSBTWork.run { () throws(PSBTError) in
                    try psbt.update(parents: parents)
                }
                var described: PSBT.Described
                do throws(RequestError) {
                    described = try psbt.update(from: &outputs, curve: curve)
                } catch {
                    throw .refused(RefusalReport(error))
                }
                try PSBTWork.run { () throws(PSBTError) in try psbt.repeatWitnessCoins() }
                described.inputs = Set(described.inputs).union(added).sorted()
                try common.finish(psbt, place, described: described)
            }
        }
    }

    struct Combine: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "combine",
            abstract: "Put together what several signers know of one payment.",
            discussion: """
                The combiner of BIP-174. In whatever order the files are given, the same comes \
                out; unknown and proprietary fields are kept. PSBTs of different payments, or \
                that contradict each other, are refused.

                Example:
                  portcullis psbt combine alice.psbt bob.psbt -o both.psbt

                Exit status: 0 combined, 2 usage, 3 they do not belong together, 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var place: PSBTOutOptions

        @Argument(help: "The PSBTs; one of them may be - for standard input.")
        var files: [String]

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                guard files.filter({ $0 == "-" }).count <= 1 else {
                    throw .usage("standard input can be read once")
                }
                var psbt = try PSBTFile.psbt(files[0])
                for file in files.dropFirst() {
                    let other = try PSBTFile.psbt(file)
                    try PSBTWork.run { () throws(PSBTError) in try psbt.combine(with: other) }
                }
                try common.finish(psbt, place)
            }
        }
    }

    struct Finalize: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "finalize",
            abstract: "Turn signatures into what spends the coins.",
            discussion: """
                The finalizer of BIP-174. Keys and multisig are finished from the PSBT alone; \
                miniscript needs its --descriptor (or --wallet of a home). Every input must be \
                ready, else nothing is changed and the first that is not is named; with \
                --partial those that are ready are finished.

                Example:
                  portcullis psbt finalize both.psbt -o final.psbt

                Exit status: 0 finalized, 2 usage, 3 something is missing, 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var known: PSBTDescriptorOptions
        @OptionGroup var place: PSBTOutOptions

        @Argument(help: "The PSBT, or - for standard input.")
        var file: String

        @Flag(name: .long, help: "Finish the inputs that are ready.")
        var partial = false

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                var psbt = try PSBTFile.psbt(file)
                var outputs = try known.outputs(common)
                let curve = try WalletKeys.curve()
                let satisfier: OutputSatisfier
                do throws(RequestError) {
                    satisfier = try outputs.satisfier(for: psbt, curve: curve)
                } catch {
                    throw .refused(RefusalReport(error))
                }
                guard partial else {
                    try PSBTWork.run { () throws(PSBTError) in try psbt.finalize(with: satisfier) }
                    return try common.finish(psbt, place)
                }
                let missing = psbt.finalizeWhatIsReady(with: satisfier)
                try common.finish(psbt, place, remarks: missing.map(\.description))
            }
        }
    }

    struct Extract: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "extract",
            abstract: "Give the signed transaction of a final PSBT.",
            discussion: """
                The extractor of BIP-174: hexadecimal, ready to be broadcast. Whether the \
                signatures hold is for the network to say.

                Example:
                  portcullis psbt extract final.psbt > transaction.hex

                Exit status: 0 given, 2 usage, 3 an input is not final, 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var place: PSBTOutOptions

        @Argument(help: "The PSBT, or - for standard input.")
        var file: String

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let psbt = try PSBTFile.psbt(file)
                let transaction = try PSBTWork.run { () throws(PSBTError) in try psbt.extract() }
                let text = transaction.serialized().hexDigits
                let document = ExtractDocument(
                    transaction: text,
                    txid: transaction.id.description,
                    out: place.file
                )
                try common.finish(document, Array("\(text)\n".utf8), place, [])
            }
        }
    }

    struct Convert: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "convert",
            abstract: "Change a PSBT from version 0 to 2, or back.",
            discussion: """
                The transaction stays the same, and so does every field, unknown ones included. \
                Version 0 has no place for what lets others add to a transaction, or for locks \
                that single inputs need: such a PSBT is refused, unless --drop lets them go.

                Example:
                  portcullis psbt convert old.psbt --to 2 -o new.psbt

                Exit status: 0 converted, 2 usage, 3 something would be lost, 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var place: PSBTOutOptions

        @Argument(help: "The PSBT, or - for standard input.")
        var file: String

        @Option(name: .long, help: "Version 0 (BIP-174) or 2 (BIP-370).")
        var to: UInt32

        @Flag(name: .long, help: "Let go what version 0 has no place for.")
        var drop = false

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                guard let version = PSBTVersion(rawValue: to) else {
                    throw .usage("--to is 0 or 2")
                }
                let psbt = try PSBTFile.psbt(file)
                let made = try PSBTWork.run { () throws(PSBTError) in
                    try psbt.converted(to: version, dropping: drop)
                }
                try common.finish(made, place)
            }
        }
    }
}

/// The document of `psbt extract`.
struct ExtractDocument: Encodable {
    var transaction: String
    var txid: String
    var out: String?
}
