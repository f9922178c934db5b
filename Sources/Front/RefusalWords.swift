private import Bytes
private import Policy
package import Wire

/// What a refusal is about and what to do: the human side of the stable names.
package struct RefusalWords: Sendable {
    /// What the index of the refusal counts.
    package enum Subject: String, Sendable {
        case input, output, parent, rule, limit, nothing
    }

    /// How `expected` and `found` are to be read.
    package enum Unit: String, Sendable {
        case satoshi, rate, payments, sighashes, share, scripts, locks, either, number, nothing
    }

    package let subject: Subject
    package let unit: Unit
    package let message: String
    package let remedy: String

    /// Every refusal by its name.
    package static let table: [String: RefusalWords] = parse(text)

    private static let unknown = RefusalWords(
        subject: .nothing,
        unit: .number,
        message: "refused with a code that this version does not know",
        remedy: "use the command line of the same version as the appliance"
    )

    /// Reads the table, three lines an entry; a line out of place is a mistake in the program.
    private static func parse(_ text: String) -> [String: RefusalWords] {
        var table: [String: RefusalWords] = [:]
        let lines = text.split(separator: "\n")
        precondition(lines.count.isMultiple(of: 3), "three lines for each refusal")
        for start in stride(from: 0, to: lines.count, by: 3) {
            let heading = lines[start].split(separator: " ").map(String.init)
            guard heading.count == 3, table[heading[0]] == nil,
                let subject = Subject(rawValue: heading[1]),
                let unit = Unit(rawValue: heading[2])
            else { preconditionFailure("a heading is `name subject unit`, once") }
            table[heading[0]] = RefusalWords(
                subject: subject,
                unit: unit,
                message: String(lines[start + 1].drop { $0 == " " }),
                remedy: String(lines[start + 2].drop { $0 == " " })
            )
        }
        return table
    }

    /// A report on the payload of a `refused` frame.
    package static func report(
        stage: String,
        payload: [UInt8]
    ) throws(FrontError) -> RefusalReport {
        do {
            var reader = ByteReader(payload.span)
            let detail = try RefusalDetail(reading: &reader)
            try reader.finish()
            return report(stage: stage, detail)
        } catch {
            throw .failed("a refusal that cannot be read: \(error)")
        }
    }

    /// A report on a refusal as it came from the gate.
    package static func report(stage: String, _ detail: RefusalDetail) -> RefusalReport {
        let name: String
        if let known = Refusal(rawValue: detail.code) {
            name = "\(known.name)"
        } else if let known = PolicyRefusal(rawValue: detail.code) {
            name = "\(known.name)"
        } else {
            name = "code-\(detail.code)"
        }
        let words = table[name] ?? unknown
        let about = words.subject != .nothing && detail.index != UInt32.max
        let numbers = words.unit != .nothing
        return RefusalReport(
            name: name,
            code: detail.code,
            stage: stage,
            index: about ? detail.index : nil,
            subject: about ? words.subject.rawValue : nil,
            expected: numbers ? detail.expected : nil,
            found: numbers ? detail.found : nil,
            message: words.message,
            remedy: words.remedy
        )
    }
}

extension RefusalReport {
    /// Everything in words, one fact a line.
    package var lines: [String] {
        var lines = ["Refused by \(stageWords): \(name)", "  \(message)."]
        if let which { lines.append("  Which: \(which)") }
        if let lists {
            // The numbers are lists as bits, and a place.
            lines += listLines(lists.joined(separator: ", "))
        } else {
            let own = unit.flatMap(RefusalWords.Unit.init)
            let unit = own ?? RefusalWords.table[name]?.unit ?? .number
            if let expected { lines.append("  Expected: \(unit.text(expected))") }
            if let found { lines.append("  Found: \(unit.text(found))") }
        }
        lines.append("  What to do: \(remedy).")
        // The answer does not carry the entry's number.
        if stage == "limit" || (stage == "signer" && code != 0 && !isAboutState) {
            lines.append("  In the log: `portcullis audit show` lists it.")
        }
        return lines
    }

    /// What it is about: by its name where the policy gave one.
    private var which: String? {
        guard let subject, let index else { return nil }
        guard let subjectName else { return "\(subject) \(index) (counted from 0)" }
        let over = scope.map { " over \($0)" } ?? ""
        let within = windowSeconds.map { " in any \($0) s" } ?? ""
        return "\(subject) \"\(subjectName)\"\(over)\(within) (\(subject) \(index), counted from 0)"
    }

    private func listLines(_ lists: String) -> [String] {
        if name == "\(PolicyRefusal.deniedByRule.name)" {
            return ["  Found: a payment to what stands in \(lists)"]
        }
        let output = found.map { "output \($0) (counted from 0)" } ?? "an output"
        return ["  Expected: destinations in \(lists) only", "  Found: \(output) pays another"]
    }

    /// Refusals of an unlock or of a home never reach the gate's log.
    private var isAboutState: Bool { (150..<200).contains(code) }

    private var stageWords: String {
        switch stage {
        case "signer": "the signer"
        case "limit": "a limit of the policy"
        case "gate": "the gate"
        case "front": "the front"
        default: "a check"
        }
    }
}

extension RefusalWords.Unit {
    func text(_ value: UInt64) -> String {
        switch self {
        case .satoshi: value == .max ? "none" : AmountText.words(value)
        case .rate: "\(value) sat/kvB"
        case .payments: "\(value) payments"
        case .sighashes: LeafFacts.names(ofSighashes: UInt8(truncatingIfNeeded: value))
        case .share: value == .max ? "unknown" : "\(value) millionths"
        case .scripts:
            Self.names(
                value,
                ["p2pkh", "p2sh", "p2wpkh", "p2wsh", "p2tr", "op_return", "witness", "other"]
            )
        case .locks: Self.names(value, ["none", "height", "time", "relative"])
        case .either: Self.names(value, ["no", "yes"])
        case .number, .nothing: "\(value)"
        }
    }

    /// The names of the bits that are set.
    private static func names(_ bits: UInt64, _ all: [String]) -> String {
        let named = all.indices.filter { bits >> UInt64($0) & 1 == 1 }.map { all[$0] }
        return named.isEmpty ? "nothing" : named.joined(separator: " or ")
    }
}
