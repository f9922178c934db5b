private import FoundationEssentials

extension LeafFacts {
    /// The entry in one line, for people.
    package var words: String {
        switch kind {
        case "decision": decisionWords
        case "charge": chargeWords
        case "coalesced":
            "refused \(count ?? 0) more times: \(refusal ?? "") (user \(requester ?? 0))\(when)"
        case "note": "note: \(event ?? "")\(when)"
        default: eventWords
        }
    }

    private var decisionWords: String {
        var words = "decision: "
        switch verdict {
        case "allow": words += "allowed"
        case "refuse":
            words += "refused, \(refusal ?? "")"
            if let subject, let subjectName { words += " (\(subject) \"\(subjectName)\")" }
        default: words += "needs approval"
        }
        if let message { words += ", " + message.words }
        if let outflow, let fee, let txid {
            words += ", \(AmountText.words(outflow)) out, fee \(AmountText.grouped(fee)) sat"
            words += ", transaction \(txid)"
            if let sighashes {
                words += " signed with \(sighashes.joined(separator: ", ")), so all that goes in "
                words += "counts as out and as fee"
            }
            if let replaces, let replacedOutflow {
                words += ", replaces the payment of digest \(replaces) with which "
                words += "\(AmountText.words(replacedOutflow)) left"
            }
        }
        if let askedAt {
            words += ", asked by user \(requester ?? 0) at \(Self.text(ofTime: askedAt))"
        }
        return words
    }

    private var chargeWords: String {
        var words = "charge for entry \(decisionIndex ?? 0): "
        switch outcome {
        case "charged": words += "charged to rule \(Self.words(rule, ruleName))"
        case "limit-exceeded": words += "limit \(Self.words(limit, limitName)) is used up"
        default: words += "nothing charged, the signer refused"
        }
        return words + " (user \(requester ?? 0))\(when)"
    }

    private static func words(_ place: UInt16?, _ name: String?) -> String {
        name.map { "\"\($0)\"" } ?? place.map(String.init) ?? "none"
    }

    private var eventWords: String {
        let left = (allowanceTotal ?? 0) - min(allowanceSpent ?? 0, allowanceTotal ?? 0)
        return "signer: \(event ?? "") at size \(logSize ?? 0) of log \(logNumber ?? 0)"
            + ", allowance left \(AmountText.words(left))"
    }

    private var when: String {
        logTime.map { ", " + Self.text(ofTime: $0) } ?? ""
    }

    private static func text(ofTime nanoseconds: UInt64) -> String {
        let seconds = Double(nanoseconds / 1_000_000_000)
        return Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
}
