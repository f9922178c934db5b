import ArgumentParser
import FoundationEssentials
import Front

/// `portcullis psbt`
struct PSBTCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "psbt",
        abstract: "Look into a PSBT, make one, and carry it to its end.",
        discussion: """
            What a payment does, before anybody is asked to sign it; and the roles of BIP-174, \
            370, 371 and 373 but for signing, which is `portcullis sign`. Both versions are \
            taken, in binary, base64 or hexadecimal; unknown and proprietary fields are kept byte \
            for byte. All but inspect work without a home.

            Examples:
              portcullis psbt inspect payment.psbt --home box
              portcullis psbt create --input TXID:0 --output bcrt1q…:150000 -o new.psbt
              portcullis psbt update new.psbt --parent funding.hex --descriptor "wpkh(…)" -o p.psbt
              portcullis psbt combine alice.psbt bob.psbt | portcullis psbt finalize - -o done.psbt
              portcullis psbt extract done.psbt

            Exit status: 0 done, 2 usage, 3 refused by a rule of PSBTs, 1 anything else.
            """,
        subcommands: [
            Inspect.self, Create.self, Add.self, Update.self, Combine.self, Finalize.self,
            Extract.self, Convert.self,
        ]
    )

    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "inspect",
            abstract: "Say what a PSBT does, and what in it is ours.",
            discussion: """
                Shows every coin and every output, the fee, and what would leave our wallets, as \
                far as the PSBT tells. Nothing is signed and nothing is logged. Works without a \
                running appliance: public keys are all it needs. FILE is binary or base64, `-` is \
                standard input.

                Example:
                  portcullis psbt inspect payment.psbt --home box

                Exit status: 0 told, 2 usage, 3 it is no PSBT, 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "The PSBT, or - for standard input.")
        var file: String

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let home = try common.resolveHome()
                let given = try PSBTFile.read(file)
                let facts = try home.readFacts()
                let inspection = try PSBTReading(given.bytes).inspect(with: facts)
                try common.output.finish(inspection, words: inspection.lines)
            }
        }
    }
}
