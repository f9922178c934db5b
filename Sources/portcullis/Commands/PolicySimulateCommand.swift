import ArgumentParser
private import FoundationEssentials
import Front
private import Policy
private import PolicyLanguage
import Simulation

extension PolicyCommand {
    struct Simulate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "simulate",
            abstract: "Run the log again under another policy; say what changes.",
            discussion: """
                Checks the log of a home as `audit verify` does, and decides every request in it \
                once more, by the rules of FILE and with its limits kept from the log's beginning, \
                by the clock that the log has. The appliance need not run, and nothing is changed.

                A leaf of the log says what was asked, not why: a request that FILE refuses is \
                counted as refused, and what people would have asked for instead is not guessed. \
                Proofs of funds cannot be decided from the log, and are counted.

                Example:
                  portcullis policy simulate tighter.toml --home box

                Exit status: 0 simulated, 2 usage, 3 it does not compile, or the log is not good, \
                1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "The policy, or - for standard input.")
        var file: String

        @Option(name: .long, help: "The log; without it, the last.")
        var log: UInt32?

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let candidate = try PolicySource(path: file, network: nil).compile()
                let home = try common.resolveHome()
                let inForce = try Files.read(home.bundle, limit: 64 << 20)
                let logs = try home.logs()
                let number = log ?? logs[logs.count - 1].number
                guard let chosen = logs.first(where: { $0.number == number }) else {
                    throw .usage("--log: there is no log \(number); the last is \(logs.count - 1)")
                }
                let leaves = try chosen.folder.check(isServed: home.isServed) {
                    () throws(FrontError) in
                    var leaves: [[UInt8]] = []
                    _ = try LogAudit(
                        folder: chosen.folder,
                        number: chosen.number,
                        key: chosen.key,
                        admins: try home.admins()
                    ) { leaves.append($2) }
                    return leaves
                }
                let simulated = try Self.simulate(leaves, candidate, inForce)
                let document = SimulationDocument(simulated, log: number, entries: leaves.count)
                try common.output.finish(document, words: document.words)
            }
        }

        private static func simulate(
            _ leaves: [[UInt8]],
            _ candidate: [UInt8],
            _ inForce: [UInt8]
        ) throws(FrontError) -> SimulatedLog {
            do throws(LogSimulation.Fault) {
                var simulation = try LogSimulation(candidate: candidate, inForce: inForce)
                for leaf in leaves { try simulation.take(leaf) }
                return simulation.result
            } catch {
                switch error {
                case .unsupportedPolicy:
                    throw .refused(
                        RefusalReport(
                            .policyInvalid,
                            message: "signer and gate do not enforce all of it yet",
                            remedy: "`portcullis policy check` says what"
                        )
                    )
                case .leaf(let index):
                    throw .failed("entry \(index) of the log cannot be simulated")
                }
            }
        }
    }
}

/// The document of `policy simulate`. Amounts are satoshi.
struct SimulationDocument: Encodable {
    struct Change: Encodable {
        /// The entry of the log.
        var index: UInt64
        var logTime: UInt64
        var requester: UInt32
        var txid: String?
        var outflow: UInt64
        var fee: UInt64
        var was: String
        var would: String
    }

    var log: UInt32
    var entries: Int
    /// Decided again.
    var decisions: Int
    var allowedBefore: Int
    var allowedNow: Int
    /// Refused by checks that no policy changes, or not released.
    var untouched: UInt64
    /// Proofs of funds.
    var unknown: UInt64
    var newlyAllowed: [Change]
    var newlyRefused: [Change]

    init(_ simulated: SimulatedLog, log: UInt32, entries: Int) {
        self.log = log
        self.entries = entries
        decisions = simulated.decisions.count
        allowedBefore = simulated.decisions.count { $0.was.isAllowed }
        allowedNow = simulated.decisions.count { $0.would.isAllowed }
        untouched = simulated.untouched
        unknown = simulated.unknown
        let changed = simulated.decisions.filter(\.isChanged)
        newlyAllowed = changed.filter { $0.would.isAllowed }.map { Change($0) }
        newlyRefused = changed.filter { $0.was.isAllowed }.map { Change($0) }
    }

    var words: [String] {
        var words = newlyRefused.map { "would be refused:  \($0.words)" }
        words += newlyAllowed.map { "would be allowed:  \($0.words)" }
        words.append(
            "Of \(decisions) decisions in log \(log), \(newlyRefused.count) that were allowed "
                + "would be refused, \(newlyAllowed.count) that were refused would be allowed."
        )
        if untouched > 0 {
            words.append("\(untouched) more were refused by checks that no policy changes.")
        }
        if unknown > 0 {
            words.append("\(unknown) proofs of funds cannot be decided from the log.")
        }
        return words
    }
}

extension SimulationDocument.Change {
    init(_ decision: SimulatedDecision) {
        index = decision.index
        logTime = decision.logTime
        requester = decision.requester
        txid = decision.txid?.reversedHexDigits
        outflow = decision.outflow
        fee = decision.fee
        was = Self.words(decision.was)
        would = Self.words(decision.would)
    }

    /// `allowed by "daily"`, `refused, outflow-over-maximum (rule "small")`, `over limit "hourly"`.
    private static func words(_ verdict: SimulatedDecision.Verdict) -> String {
        switch verdict {
        case .allowed(let rule):
            rule.map { "allowed by \"\($0)\"" } ?? "allowed, as it was signed before"
        case .refused(let name, let rule):
            "refused, \(name)" + (rule.map { " (rule \"\($0)\")" } ?? "")
        case .limited(let limit): "over limit \"\(limit)\""
        }
    }

    var words: String {
        let when = Date(timeIntervalSince1970: Double(logTime / 1_000_000_000))
        return "entry \(index), \(when.formatted(.iso8601)), user \(requester), "
            + "\(AmountText.words(outflow)) out: was \(was), would be \(would)"
    }
}
