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
        }
    }
}
