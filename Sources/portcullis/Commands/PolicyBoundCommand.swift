import ArgumentParser
private import Bitcoin
import Front
import Policy
import PolicyLanguage

extension PolicyCommand {
    struct BoundOf: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "bound",
            abstract: "Say the most that a policy can let out, and what holds it there.",
            discussion: """
                The most that any sequence of requests can get signed: in a transaction, in any \
                hour, in any day while the gate is honest, and what is left if it is stolen. \
                Beside each stands what bounds it: every payment is charged to one of these, and \
                they add up to the figure. To lower a figure, lower what is named there.

                What replaces or excludes one another counts once, for one of it at most confirms. \
                Rules that ask for the approval of people are counted in the first figures and \
                left out of those without approvals.

                Example:
                  portcullis policy bound mine.toml

                Exit status: 0 printed, 2 usage, 3 the policy does not compile, 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "The policy, or - for standard input.")
        var file: String

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let bytes = try PolicySource(path: file, network: nil).compile()
                let bundle: CheckedBundle
                do throws(BundleError) {
                    bundle = try CheckedBundle(checking: bytes.span)
                } catch {
                    throw .failed("the compiled policy cannot be read back: \(error)")
                }
                let all = WorstCase(of: bundle)
                let alone = WorstCase(of: bundle, approved: false)
                var words = all.reasons
                if alone == all {
                    words.append("All of that without anybody's approval: no rule asks for one.")
                } else {
                    words.append("Without anybody's approval:")
                    words += alone.reasons
                }
                let document = BoundDocument(
                    network: "\(bundle.network.name)",
                    policyHash: bundle.hash.hexDigits,
                    bounds: BoundDocument.Bounds(all),
                    withoutApprovals: BoundDocument.Bounds(alone)
                )
                try common.output.finish(document, words: words)
            }
        }
    }
}

/// The document of `policy bound`. Amounts are satoshi.
struct BoundDocument: Encodable {
    struct Term: Encodable {
        var what: String
        var how: String
        var satoshis: UInt64
    }

    struct Figure: Encodable {
        var satoshis: UInt64
        /// What every payment is charged to one of; they add up to the figure.
        var boundBy: [Term]

        init(_ bound: Bound) {
            satoshis = bound.satoshis
            boundBy = bound.terms.map { Term(what: $0.what, how: $0.how, satoshis: $0.satoshis) }
        }
    }

    struct Bounds: Encodable {
        struct Honest: Encodable {
            var transaction: Figure
            var hour: Figure
            var day: Figure
        }

        struct Stolen: Encodable {
            var transaction: Figure
            var inAll: Figure
        }

        var honest: Honest
        var stolen: Stolen

        init(_ worst: WorstCase) {
            honest = Honest(
                transaction: Figure(worst.transaction),
                hour: Figure(worst.hour),
                day: Figure(worst.day)
            )
            stolen = Stolen(
                transaction: Figure(worst.transaction),
                inAll: Figure(worst.stolen)
            )
        }
    }

    var network: String
    var policyHash: String
    var bounds: Bounds
    var withoutApprovals: Bounds
}
