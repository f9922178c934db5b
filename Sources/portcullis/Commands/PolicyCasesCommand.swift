import ArgumentParser
import Front
private import Policy
private import PolicyLanguage

extension PolicyCommand {
    struct Cases: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cases",
            abstract: "Hold a policy to payments of which you know what it must say.",
            discussion: """
                A file of cases says in blocks of lines what is paid, and what must come of it. \
                They are evaluated as the signer would, at limits that nothing was charged to yet. \
                Keep them beside the policy, and run them before every change of it.

                  case: the landlord, as every month
                  wallet: spending
                  pay: bcrt1q… 0.02 BTC
                  fee: 1000 sat
                  vsize: 141
                  expect: allow
                  match: to-known

                policies/README.md has every key. Lines that begin with # say something to people.

                Example:
                  portcullis policy cases mine.toml mine.case

                Exit status: 0 all are met, 2 usage, 3 one is not, or a file cannot be read as \
                what it is, 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "The policy, or - for standard input.")
        var policy: String

        @Argument(help: "The cases.")
        var cases: String

        private static let fileByteCountMax = 16 << 20

        mutating func run() throws {
            var isMet = false
            try common.run { () throws(FrontError) in
                let source = try PolicySource(path: policy, network: nil)
                let bytes = try source.compile()
                let text = try Files.read(cases, limit: Self.fileByteCountMax)
                let results: [CaseDocument.Case]
                do throws(PolicyError) {
                    results = try Self.results(of: text, source.text, bytes)
                } catch {
                    throw .refused(
                        RefusalReport(
                            .policyInvalid,
                            message: "\(cases): \(error.description)",
                            remedy: "`portcullis help policy cases` shows how cases are written"
                        )
                    )
                }
                let document = CaseDocument(cases: results)
                try common.output.finish(document, words: document.words)
                isMet = document.ok
            }
            if !isMet { throw ExitCode(3) }
        }

        private static func results(
            of text: [UInt8],
            _ source: String,
            _ bytes: [UInt8]
        ) throws(PolicyError) -> [CaseDocument.Case] {
            let policy = try PolicyCompiler.read(source)
            let bundle: CheckedBundle
            do throws(BundleError) {
                bundle = try CheckedBundle(checking: bytes.span)
            } catch {
                preconditionFailure("the compiler checked it")
            }
            var results: [CaseDocument.Case] = []
            for one in try CaseReader.read(String(decoding: text, as: UTF8.self), for: policy) {
                let outcome = try one.outcome(under: bundle, policy)
                results.append(
                    CaseDocument.Case(
                        title: one.title,
                        line: one.line,
                        outcome: outcome.lines,
                        differences: outcome.differences(from: one)
                    )
                )
            }
            return results
        }
    }
}

/// The document of `policy cases`.
struct CaseDocument: Encodable {
    struct Case: Encodable {
        var title: String
        /// Where it begins.
        var line: Int
        /// In the words of the file.
        var outcome: [String]
        /// Lines that were expected, with `-`, and that came instead, with `+`; none if it is met.
        var differences: [String]
    }

    /// Whether all are met.
    var ok: Bool
    var cases: [Case]

    init(cases: [Case]) {
        ok = cases.allSatisfy(\.differences.isEmpty)
        self.cases = cases
    }

    var words: [String] {
        let failed = cases.filter { !$0.differences.isEmpty }
        let details = failed.flatMap { one in
            ["line \(one.line), \(one.title):"] + one.differences.map { "  \($0)" }
        }
        return details + ["\(cases.count - failed.count) of \(cases.count) cases are met."]
    }
}
