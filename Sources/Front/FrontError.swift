/// How a command or an operation fails; each case has an exit status of its own (docs/cli.md).
package enum FrontError: Error, Equatable, Sendable {
    /// What was asked cannot be asked so: exit 2.
    case usage(String)
    /// The policy or a check says no: exit 3.
    case refused(RefusalReport)
    /// Somebody has to approve first: exit 4.
    case waiting(RefusalReport)
    /// Somebody gave no answer in time: exit 1.
    case silent(RefusalReport)
    /// Anything else: exit 1.
    case failed(String)

    /// The words for a person.
    package var message: String {
        switch self {
        case .usage(let words), .failed(let words): words
        case .refused(let report), .waiting(let report), .silent(let report): report.message
        }
    }

    /// The exit status of the command line.
    package var exitStatus: Int32 {
        switch self {
        case .usage: 2
        case .refused: 3
        case .waiting: 4
        case .silent, .failed: 1
        }
    }
}

/// A refusal as people and scripts see it.
package struct RefusalReport: Codable, Equatable, Sendable {
    /// The stable name, the same in the log.
    package var name: String
    package var code: UInt16
    /// Who refused: `front`, `signer`, `limit`, `gate`, `check`.
    package var stage: String
    /// The place of the input, output, parent, rule or limit that it is about; from 0.
    package var index: UInt32?
    /// What `index` counts.
    package var subject: String?
    /// The name that the policy file gave to the rule, limit or wallet at `index`.
    package var subjectName: String?
    /// Of a limit: what it counts, and over how long.
    package var scope: String?
    package var windowSeconds: UInt32?
    /// The destination lists that a rule asks for, or that it forbids.
    package var lists: [String]?
    /// How `expected` and `found` are to be read, where the name of the refusal does not say it.
    package var unit: String?
    package var expected: UInt64?
    package var found: UInt64?
    package var message: String
    package var remedy: String
    /// What is to be signed, where that is what is waited for.
    package var text: String?

    package init(
        name: String,
        code: UInt16 = 0,
        stage: String,
        index: UInt32? = nil,
        subject: String? = nil,
        expected: UInt64? = nil,
        found: UInt64? = nil,
        message: String,
        remedy: String,
        text: String? = nil
    ) {
        self.name = name
        self.code = code
        self.stage = stage
        self.index = index
        self.subject = subject
        self.expected = expected
        self.found = found
        self.message = message
        self.remedy = remedy
        self.text = text
    }
}
