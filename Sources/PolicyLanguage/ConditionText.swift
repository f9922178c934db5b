private import Bitcoin
private import Bytes
import Policy
private import Wallet

/// A rule of conditions in words.
struct ConditionText {
    static let scripts = [
        "p2pkh", "p2sh", "p2wpkh", "p2wsh", "p2tr", "op_return", "witness", "other",
    ]
    static let locks = ["none", "height", "time", "relative"]

    private var isDeny: Bool
    private var parts: [String] = []
    private var open = ""
    private var approvals = ""

    init(_ rule: RuleRecord, _ bundle: CheckedBundle) {
        isDeny = rule.isDeny
        var zones: [String] = []
        var walk = bundle.zones
        while let zone = walk.next() { zones.append(ZoneText.write(zone)) }
        var conditions = rule.conditions
        while let condition = conditions.next() {
            if let part = Self.part(condition, zones) { parts.append(part) }
            if condition.kind == .approvals {
                approvals = " " + ApprovalWords.sentence(condition, bundle)
            }
        }
        let types = SighashPermission.names(rule.sighashes).joined(separator: ", ")
        if isDeny, !types.isEmpty { parts.append("a signature of type \(types)") }
        if !isDeny, !types.isEmpty {
            open =
                " It permits the sighash types \(types) too: others may then change the payment, "
                + "so all that its coins hold counts as leaving and as fee."
        }
    }

    /// What is known counts; what is not known counts against the payment.
    func sentence(_ name: String, wallets: String, lists: String) -> String {
        guard !isDeny else {
            let whom = lists.isEmpty ? "" : " with an output to \(lists)"
            let what = parts.isEmpty ? "every payment" : "payments"
            let when = parts.isEmpty ? "" : ", if all of this may be so: " + joined
            return "\(name) denies \(what)\(whom) from \(wallets)\(when)."
        }
        let whom = lists.isEmpty ? "anyone" : "\(lists) only"
        let bounds = parts.isEmpty ? "without a cap" : joined
        return "\(name) allows payments from \(wallets) to \(whom): \(bounds).\(approvals)\(open)"
    }

    private var joined: String { parts.joined(separator: "; ") }

    private static func part(_ condition: ConditionRecord, _ zones: [String]) -> String? {
        switch condition.kind {
        case .range: return range(condition)
        case .destinations, .sighashes, .approvals: return nil
        case .scripts:
            return "outputs that are not ours of kind \(names(condition.mask, scripts))"
        case .lockTime:
            let names = names(condition.mask, locks)
            return names == "none" ? "no lock, absolute or relative" : "a lock: \(names)"
        case .replaceable:
            return condition.mask == 2 ? "it can be replaced" : "it cannot be replaced"
        case .replacement:
            return condition.mask == 2 ? "it replaces a payment" : "it replaces none"
        case .requesters:
            let uids = (0..<condition.count).map { String(condition.requester(at: $0)) }
            return "asked for by uid \(uids.joined(separator: " or "))"
        case .times:
            let spans = (0..<condition.count).map { TimesText.write(condition.span(at: $0)) }
            return "asked for \(spans.joined(separator: ", ")) in zone \(zones[condition.zone])"
        }
    }

    private static func range(_ condition: ConditionRecord) -> String? {
        let (what, write): (String, (UInt64) -> String) =
            switch condition.numericFact {
            case .outflow: ("leaves, fee included", Written.amount)
            case .fee: ("of fee", Written.amount)
            case .feerate: ("of fee rate", Written.feerate)
            case .largest: ("in the largest output that is not ours", Written.amount)
            case .inputs: ("inputs", { String($0) })
            case .outputs: ("outputs", { String($0) })
            case .ownShare: ("of what the outputs hold comes back", Written.share)
            }
        let most = condition.most == RuleRecord.noCap ? nil : write(condition.most)
        let least = condition.least == 0 ? nil : write(condition.least)
        return switch (least, most) {
        case (nil, nil): nil
        case (nil, let most?): "at most \(most) \(what)"
        case (let least?, nil): "at least \(least) \(what)"
        case (let least?, let most?):
            least == most ? "exactly \(least) \(what)" : "\(least) to \(most) \(what)"
        }
    }

    private static func names(_ bits: UInt16, _ all: [String]) -> String {
        all.indices.filter { bits >> UInt16($0) & 1 == 1 }.map { all[$0] }
            .joined(separator: " or ")
    }
}
