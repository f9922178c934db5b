import ArgumentParser
import Bitcoin
import Front
import Wallet

/// What a transaction is made of.
struct PSBTPartOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A coin to spend; may be given often. Without SEQUENCE it can be replaced (BIP-125).",
            valueName: "txid:vout[:sequence]"
        )
    )
    var input: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "ADDRESS:AMOUNT, script:HEX:AMOUNT or data:HEX; may be given often. AMOUNT is in "
                + "satoshi, or such as 0.25BTC.",
            valueName: "output"
        )
    )
    var output: [String] = []

    @Option(name: .long, help: "The network that the addresses must be of.")
    var network: NetworkName?

    func inputs() throws(FrontError) -> [PSBTNewInput] {
        var inputs: [PSBTNewInput] = []
        for text in input { inputs.append(try PSBTParts.input(text)) }
        return inputs
    }

    func outputs() throws(FrontError) -> [Coin] { try PSBTParts.outputs(output, network) }
}

extension PSBTCommand {
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Make a PSBT of coins and payments, or of an unsigned transaction.",
            discussion: """
                The creator of BIP-174 and 370. Nothing is known yet of the coins: `psbt update` \
                adds that. The fee is what the payments leave of the coins; `psbt inspect` shows \
                it. With --open a PSBT of version 2 lets others add to it (`psbt add`).

                Examples:
                  portcullis psbt create --input TXID:0 --output bcrt1q…:150000 -o new.psbt
                  portcullis psbt create --transaction unsigned.hex --psbt-version 2

                Exit status: 0 made, 2 usage, 3 it makes no PSBT, 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var parts: PSBTPartOptions
        @OptionGroup var place: PSBTOutOptions

        @Option(name: .long, help: "A file with the unsigned transaction, binary or hexadecimal.")
        var transaction: String?

        @Option(name: .long, help: "Not before this block, or this time from 500000000 on.")
        var lockTime: UInt32 = 0

        @Option(name: .long, help: "The version of the transaction.")
        var transactionVersion: UInt32 = 2

        @Option(name: .long, help: "Version 0 (BIP-174) or 2 (BIP-370).")
        var psbtVersion: UInt32 = 0

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Of version 2: what others may add.",
                valueName: "inputs|outputs|both"
            )
        )
        var open: Opening?

        enum Opening: String, ExpressibleByArgument, CaseIterable {
            case inputs, outputs, both

            var flags: PSBTModifiable {
                switch self {
                case .inputs: .inputs
                case .outputs: .outputs
                case .both: [.inputs, .outputs]
                }
            }
        }

        mutating func validate() throws {
            guard psbtVersion == 0 || psbtVersion == 2 else {
                throw ValidationError("--psbt-version is 0 or 2")
            }
            guard open == nil || psbtVersion == 2 else {
                throw ValidationError("--open is for --psbt-version 2")
            }
            guard transaction == nil || parts.input.isEmpty && parts.output.isEmpty else {
                throw ValidationError("give --transaction, or --input and --output")
            }
        }

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let unsigned = try unsignedTransaction()
                var psbt = PSBT(unsigned: unsigned, version: psbtVersion == 2 ? .v2 : .v0)
                if let open { psbt.open(open.flags) }
                // What others would refuse to read is not handed out.
                let checked = try PSBTWork.run { () throws(PSBTError) in
                    try PSBT(binary: psbt.bytes)
                }
                try common.finish(checked, place)
            }
        }

        private func unsignedTransaction() throws(FrontError) -> Transaction {
            guard let transaction else {
                let inputs = try parts.inputs()
                guard Set(inputs.map(\.previous)).count == inputs.count else {
                    throw .usage("--input: a coin stands there twice")
                }
                return Transaction(
                    version: transactionVersion,
                    inputs: inputs.map {
                        Transaction.Input(previous: $0.previous, sequence: $0.sequence)
                    },
                    outputs: try parts.outputs(),
                    lockTime: lockTime
                )
            }
            let bytes = try PSBTParts.transactionBytes(transaction)
            let found: Transaction
            do throws(BitcoinError) {
                found = try Transaction(bytes, form: .network)
            } catch {
                throw .usage("--transaction \(transaction): no transaction (\(error.words))")
            }
            guard !found.hasWitness, found.inputs.allSatisfy(\.script.isEmpty) else {
                throw .usage("--transaction \(transaction): it is signed; give the unsigned one")
            }
            return found
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Add coins and payments to a PSBT of version 2 that is open for them.",
            discussion: """
                The constructor of BIP-370. What a signature or the flags of the PSBT forbid is \
                refused. --close closes it afterwards, as it must be before it is signed.

                Example:
                  portcullis psbt add open.psbt --input TXID:1 --close -o whole.psbt

                Exit status: 0 added, 2 usage, 3 refused by a rule of BIP-370, 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var parts: PSBTPartOptions
        @OptionGroup var place: PSBTOutOptions

        @Argument(help: "The PSBT, or - for standard input.")
        var file: String

        @Flag(name: .long, help: "Let nobody add anything any more.")
        var close = false

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                var psbt = try PSBTFile.psbt(file)
                let (inputs, outputs) = (try parts.inputs(), try parts.outputs())
                try PSBTWork.run { () throws(PSBTError) in
                    try psbt.add(inputs: inputs, outputs: outputs)
                }
                if close { psbt.close() }
                try common.finish(psbt, place)
            }
        }
    }
}
