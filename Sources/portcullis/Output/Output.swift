import FoundationEssentials
import Front
import LocalSocket

/// Where results and words go: with `--json` one document on standard output and the words on
/// standard error, else the words on standard output.
struct Output {
    let json: Bool

    /// Ends a command that went well.
    func finish(_ document: some Encodable, words: [String]) throws(FrontError) {
        if json {
            say(words)
            try print(document)
        } else {
            try Self.result(Self.lines(words))
        }
    }

    /// Ends a command whose result is a text to be kept as it is.
    func finish(_ document: some Encodable, text: String) throws(FrontError) {
        if json {
            try print(document)
        } else {
            try Self.result(text)
        }
    }

    /// Says that the appliance is up: a line of its own, or the one document of `up --json`.
    func ready() {
        Self.write(json ? "{\"ready\": true}\n" : "ready\n", to: 1)
    }

    /// The one document of an `up --json` that was stopped before it was ready.
    func neverReady() {
        if json { Self.write("{\"ready\": false}\n", to: 1) }
    }

    /// A text that was asked for, such as help, as the one document.
    func tell(_ text: String) {
        do throws(FrontError) {
            try print(["text": text])
        } catch {
            say("portcullis: \(error.message)")
        }
    }

    /// Words beside the result: always on standard error.
    func say(_ words: [String]) {
        Self.write(Self.lines(words), to: 2)
    }

    /// One line beside the result.
    func say(_ words: String) { say([words]) }

    /// Ends a command that did not go well.
    func fail(_ error: FrontError) {
        switch error {
        case .refused(let report): say(report.lines)
        case .waiting(let report):
            say([
                "Waiting: \(report.name)", "  \(report.message).",
                "  What to do: \(report.remedy).",
            ])
        case .silent(let report):
            say([
                "No answer: \(report.name)", "  \(report.message).",
                "  What to do: \(report.remedy).",
            ])
        case .usage(let words), .failed(let words): say("portcullis: \(words)")
        }
        guard json else { return }
        do {
            try print(FailureDocument(error))
        } catch {
            say("portcullis: \(error.message)")
        }
    }

    /// The document, on standard output.
    private func print(_ document: some Encodable) throws(FrontError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text: String
        do {
            text = String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
        } catch {
            throw .failed("the result cannot be written as JSON")
        }
        try Self.result(text)
    }

    private static func lines(_ words: [String]) -> String {
        plain(words.map { $0 + "\n" }.joined())
    }

    /// Words as they may stand on a terminal, whoever they come from: what would steer it or hide
    /// in it, or turn the direction of the text, is shown as its number.
    static func plain(_ words: String) -> String {
        var text = ""
        for scalar in words.unicodeScalars {
            let shows =
                switch scalar.properties.generalCategory {
                case .control: scalar == "\n" || scalar == "\t"
                case .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned,
                    .surrogate:
                    false
                default: true
                }
            text += shows ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
        }
        return text
    }

    /// Writes what was asked for to standard output. Where that is full, or nobody reads it, the
    /// command has not done what it was asked.
    static func result(_ text: String) throws(FrontError) { try result([UInt8](text.utf8)) }

    static func result(_ bytes: [UInt8]) throws(FrontError) {
        do throws(SocketError) {
            try send(bytes, to: 1)
        } catch {
            throw .failed("cannot write to standard output: \(SystemWords.reason(error))")
        }
    }

    /// Writes words to standard output or error; when nobody listens there is nothing left to do.
    static func write(_ text: String, to number: Int32) {
        do throws(SocketError) {
            try send([UInt8](text.utf8), to: number)
        } catch {
            return
        }
    }

    private static func send(_ bytes: [UInt8], to number: Int32) throws(SocketError) {
        var descriptor = Descriptor(adopting: number)
        descriptor.pin()
        try descriptor.writeAll(bytes.span)
    }
}

/// `{"error": {…}}` of docs/cli.md.
struct FailureDocument: Encodable {
    struct Failure: Encodable {
        var kind: String
        var message: String
        var report: RefusalReport?

        enum Keys: String, CodingKey {
            case kind, message
        }

        /// The refusal's fields stand beside the kind, not below it.
        func encode(to encoder: any Encoder) throws {
            try report?.encode(to: encoder)
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(kind, forKey: .kind)
            try container.encode(message, forKey: .message)
        }
    }

    var error: Failure

    init(_ failure: FrontError) {
        switch failure {
        case .usage(let words): error = Failure(kind: "usage", message: words)
        case .failed(let words): error = Failure(kind: "failed", message: words)
        case .refused(let report):
            error = Failure(kind: "refused", message: report.message, report: report)
        case .waiting(let report):
            error = Failure(kind: "waiting", message: report.message, report: report)
        case .silent(let report):
            error = Failure(kind: "failed", message: report.message, report: report)
        }
    }
}
