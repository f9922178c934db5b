private import Bytes
import Policy
private import Wallet

/// Approvers, and what rules need of them, in words.
enum ApprovalWords {
    /// A line for each approver and each group.
    static func groups(of bundle: CheckedBundle) -> [String] {
        var lines: [String] = []
        for index in 0..<bundle.personCount {
            let person = bundle.person(at: index)
            let kinds = (0..<person.keyCount).map { place in
                let isOfAuthenticator = SSHPublicKey.isOfAuthenticator(person.key(at: place))
                guard isOfAuthenticator else { return "an SSH key" }
                return person.verifies(at: place)
                    ? "an authenticator with PIN or finger" : "an authenticator"
            }
            lines.append("Approver \(text(person.name)): \(kinds.joined(separator: ", ")).")
        }
        for index in 0..<bundle.groupCount {
            let group = bundle.group(at: index)
            let members = (0..<bundle.personCount).filter { group.persons >> UInt64($0) & 1 == 1 }
                .map { text(bundle.person(at: $0).name) }
            lines.append("Group \(text(group.name)): \(members.joined(separator: ", ")).")
        }
        return lines
    }

    static func sentence(_ condition: ConditionRecord, _ bundle: CheckedBundle) -> String {
        var quorums: [String] = []
        for index in 0..<condition.count {
            let (group, threshold) = condition.quorum(at: index)
            let members = bundle.group(at: group)
            let count = members.persons.nonzeroBitCount
            quorums.append("\(threshold) of the \(count) of \(text(members.name))")
        }
        let wait =
            condition.waitSeconds == 0
            ? "" : "not before \(Written.duration(condition.waitSeconds)) and "
        let veto = condition.vetoGroup.map { group in
            " One of \(text(bundle.group(at: group).name)) can reject it."
        }
        return "It needs the approval of \(quorums.joined(separator: " and ")), \(wait)within "
            + "\(Written.duration(condition.expirySeconds)) of the request.\(veto ?? "")"
    }

    private static func text(_ span: Span<UInt8>) -> String {
        String(decoding: [UInt8](copying: span), as: UTF8.self)
    }
}
