extension ApprovalFault {
    /// The stable name that logs, documents and answers use.
    package var name: String {
        switch self {
        case .malformed: "approval-malformed"
        case .namespace: "approval-namespace"
        case .signature: "approval-signature"
        case .unknownKey: "approval-unknown-key"
        case .samePerson: "approval-same-person"
        case .expired: "approval-expired"
        case .tooEarly: "approval-too-early"
        case .withoutTouch: "approval-without-touch"
        case .withoutVerification: "approval-without-verification"
        case .missing: "approvals-missing"
        }
    }
}
