extension PolicyRefusal {
    /// The stable name that logs, documents and answers use.
    package var name: StaticString {
        switch self {
        case .noRuleForWallet: "no-rule-for-wallet"
        case .outflowOverMaximum: "outflow-over-maximum"
        case .feeOverMaximum: "fee-over-maximum"
        case .feerateOverMaximum: "feerate-over-maximum"
        case .destinationNotListed: "destination-not-listed"
        case .deniedByRule: "denied-by-rule"
        case .sighashNotInRule: "sighash-not-in-rule"
        case .noRuleForMessage: "no-rule-for-message"
        case .messageNotMatched: "message-not-matched"
        case .outflowUnderMinimum: "outflow-under-minimum"
        case .feeUnderMinimum: "fee-under-minimum"
        case .feerateUnderMinimum: "feerate-under-minimum"
        case .outputOverMaximum: "output-over-maximum"
        case .outputUnderMinimum: "output-under-minimum"
        case .inputCount: "input-count"
        case .outputCount: "output-count"
        case .ownShare: "own-share"
        case .scriptKind: "script-kind"
        case .lockTimeKind: "lock-time-kind"
        case .replaceability: "replaceability"
        case .replacementKind: "replacement-kind"
        case .requester: "requester"
        case .outsideTime: "outside-time"
        case .approvalsNeeded: "approvals-needed"
        }
    }
}

extension BundleSection {
    /// The word for the section in messages.
    package var name: StaticString {
        switch self {
        case .wallets: "wallets"
        case .lists: "destination lists"
        case .destinations: "destinations"
        case .scriptLengths: "lengths of destination scripts"
        case .limits: "limits"
        case .rules: "rules"
        case .zones: "time zones"
        case .shapes: "shapes of data"
        case .persons: "approvers"
        case .groups: "groups of approvers"
        }
    }
}
