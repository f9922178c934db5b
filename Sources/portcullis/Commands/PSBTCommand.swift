import ArgumentParser
import FoundationEssentials
import Front

/// `portcullis psbt`
struct PSBTCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "psbt",
        abstract: "Look into a PSBT.",
        discussion: """
            What a payment does, before anybody is asked to sign it.

            Example:
              portcullis psbt inspect payment.psbt --home box

            Exit status: 0 told, 2 usage, 3 it is no PSBT, 1 anything else.
            """,
        subcommands: [Inspect.self]
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
