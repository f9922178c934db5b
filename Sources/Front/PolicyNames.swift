private import Policy
import Wire

/// The names that the policy file gave. Signer and gate answer with places in the bundle, which is
/// all they need to know; people are told the name as well.
extension BundleFacts {
    /// The report with the names of what it is about.
    func named(_ report: RefusalReport, _ detail: RefusalDetail) -> RefusalReport {
        var named = report
        if report.subject == RefusalWords.Subject.rule.rawValue {
            named.subjectName = Self.name(report.index, in: rules)
        }
        if report.subject == RefusalWords.Subject.limit.rawValue {
            name(limit: report.index, detail, &named)
        }
        switch PolicyRefusal(rawValue: detail.code) {
        case .noRuleForWallet, .noRuleForMessage:
            named.subject = "wallet"
            named.index = UInt32(clamping: detail.found)
            named.subjectName = Self.name(named.index, in: wallets.map(\.name))
        case .destinationNotListed: named.lists = names(ofLists: detail.expected)
        case .deniedByRule: named.lists = names(ofLists: detail.found)
        case .messageNotMatched, .outflowOverMaximum, .feeOverMaximum, .feerateOverMaximum,
            .sighashNotInRule, .outflowUnderMinimum, .feeUnderMinimum, .feerateUnderMinimum,
            .outputOverMaximum, .outputUnderMinimum, .inputCount, .outputCount, .ownShare,
            .scriptKind, .lockTimeKind, .replaceability, .replacementKind, .requester,
            .outsideTime, .approvalsNeeded, .none:
            break
        }
        return named
    }

    private func name(limit place: UInt32?, _ detail: RefusalDetail, _ named: inout RefusalReport) {
        guard let place, place < limits.count else { return }
        let limit = limits[Int(place)]
        named.subjectName = limit.name
        named.scope = limit.scope
        named.windowSeconds = limit.windowSeconds
        // Which of the two caps it was follows from the cap itself, unless they are equal.
        let isAmount = limit.amountMax == detail.expected
        let isCount = limit.countMax.map(UInt64.init) == detail.expected
        guard isAmount != isCount else { return }
        named.unit = (isAmount ? RefusalWords.Unit.satoshi : .payments).rawValue
    }

    private static func name(_ place: UInt32?, in names: [String]) -> String? {
        guard let place, place < names.count else { return nil }
        return names[Int(place)]
    }

    private func names(ofLists bits: UInt64) -> [String]? {
        let found = lists.indices.filter { bits & 1 << UInt64($0) != 0 }.map { lists[$0] }
        return found.isEmpty ? nil : found
    }
}
