import Policy

/// An answer as a line: `allow 0 3:1=500 | 0=700`, that is, rules with the charges of each, and the
/// common ones; or `refuse NAME rule expected found`, a rule that is none as -1.
struct Line: EvaluationSink {
    private(set) var text: [UInt8] = []
    private var isAllowed = false

    mutating func matched(rule: UInt16) {
        begin()
        add(0x20, UInt64(rule))
    }

    mutating func beginCommonCharges() {
        begin()
        text += [0x20, 0x7C]
    }

    mutating func charge(limit: UInt16, amount: UInt64) {
        add(0x3A, UInt64(limit))
        add(0x3D, amount)
    }

    mutating func end(_ verdict: PolicyVerdict) {
        if case .refuse(let finding) = verdict {
            precondition(!isAllowed, "a refusal charges nothing")
            text += Array("refuse \(Self.name(of: finding.refusal))".utf8)
            let isNone = finding.rule == PolicyFinding.noRule
            text += Array(isNone ? " -1".utf8 : " \(finding.rule)".utf8)
            add(0x20, finding.expected)
            add(0x20, finding.found)
        }
        text.append(0x0A)
    }

    private mutating func begin() {
        guard !isAllowed else { return }
        isAllowed = true
        text += Array("allow".utf8)
    }

    private mutating func add(_ separator: UInt8, _ number: UInt64) {
        text.append(separator)
        let begin = text.count
        var rest = number
        repeat {
            text.append(0x30 + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        text[begin...].reverse()
    }

    /// The stable name, which the case has as well: `feeOverMaximum` is `fee-over-maximum`.
    private static func name(of refusal: PolicyRefusal) -> String {
        "\(refusal)".reduce(into: "") { name, letter in
            name += letter.isUppercase ? "-\(letter.lowercased())" : "\(letter)"
        }
    }
}
