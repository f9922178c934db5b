import ArgumentParser
import Front

/// `portcullis refusals`
struct RefusalsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refusals",
        abstract: "List every refusal with its name, its meaning and its remedy.",
        discussion: """
            Prints docs/refusals.md, or with --json the same as a list. Needs no home.

            Example:
              portcullis refusals --json | jq '.refusals[] | select(.name == "missing-parent")'

            Exit status: 0 listed, 2 usage.
            """
    )

    @OptionGroup var common: CommonOptions

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            let page = RefusalPage()
            if common.json {
                try common.output.finish(page, words: [])
            } else {
                try Output.result(page.text)
            }
        }
    }
}
