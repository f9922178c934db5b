private import Bytes
import Policy

/// `[approvers.NAME]`, `[groups.NAME]`, and what rules ask of them.
extension SourceReader {
    static let approvalKeys = ["approvals", "wait", "expires", "veto"]
    private static let approvalForm =
        "groups and how many of each: approvals = { treasury = 2, security = 1 }"
    private static let keyForm =
        "a line of a .pub file, made by `ssh-keygen -t ed25519` or `ssh-keygen -t ed25519-sk`"

    mutating func readApprovers() throws(PolicyError) {
        let tables = try root.namedTables("approvers")
        guard tables.count <= 64 else {
            let found = "\(tables.count) approvers"
            throw root.error("approvers", found: found, expected: "at most 64")
        }
        var owners: [[UInt8]: String] = [:]
        for (name, table) in tables {
            try table.allowOnly(["keys"])
            let lines = try table.strings("keys", form: "a list of SSH keys, each \(Self.keyForm)")
            guard (1...8).contains(lines.count) else {
                let found = lines.isEmpty ? "no key" : "\(lines.count) keys"
                throw table.error("keys", found: found, expected: "1 to 8 keys: \(Self.keyForm)")
            }
            var keys: [PolicyModel.Approver.Key] = []
            for line in lines {
                let key = try Self.approverKey(line, table)
                // The key alone: one that is said to be for two applications is one key.
                let point = Array(key.wire[(key.wire.count == 51 ? 19 : 34)...].prefix(32))
                if let owner = owners.updateValue(name, forKey: point) {
                    let whose = owner == name ? "twice" : "again, which is \(owner)'s"
                    let expected = "each key once, so that nobody counts for two"
                    throw table.error("keys", found: "\"\(line)\" \(whose)", expected: expected)
                }
                keys.append(key)
            }
            approvers.append(PolicyModel.Approver(name: name, keys: keys))
        }
    }

    /// A line as authorized_keys has it: an option, the type, the key and a comment.
    private static func approverKey(
        _ line: String,
        _ table: SourceTable
    ) throws(PolicyError) -> PolicyModel.Approver.Key {
        func fault(_ what: String, _ expected: String) -> PolicyError {
            table.error("keys", found: "\"\(line)\"\(what)", expected: expected)
        }
        var parts = line.split(separator: " ").map(String.init)
        guard parts.first != "no-touch-required" else {
            let expected = "the line without it: who approves always touches the authenticator"
            throw fault("", expected)
        }
        let verifies = parts.first == "verify-required"
        if verifies { parts.removeFirst() }
        guard parts.count >= 2 else { throw fault("", keyForm) }
        let isOfAuthenticator = parts[0] == "sk-ssh-ed25519@openssh.com"
        guard isOfAuthenticator || parts[0] == "ssh-ed25519" else {
            let isSecurity = parts[0].hasPrefix("sk-")
            let remedy = "ssh-keygen -t ed25519\(isSecurity ? "-sk" : "")"
            let what = Self.isKeyType(parts[0]) ? ", a key of type \(parts[0])" : ""
            throw fault(what, "a key of type ed25519, which `\(remedy)` makes")
        }
        guard isOfAuthenticator || !verifies else {
            let expected = "verify-required only before a key of an authenticator (ed25519-sk)"
            throw fault("", expected)
        }
        guard let wire = SSHKeyText.approverWireForm(parts[1]),
            isOfAuthenticator == (wire.count != SSHPublicKey.byteCount)
        else { throw fault("", keyForm) }
        return PolicyModel.Approver.Key(wire: wire, verifies: verifies)
    }

    private static func isKeyType(_ text: String) -> Bool {
        ["ssh-", "ecdsa-", "sk-"].contains { text.hasPrefix($0) }
    }

    mutating func readGroups() throws(PolicyError) {
        let tables = try root.namedTables("groups")
        guard tables.count <= 32 else {
            let found = "\(tables.count) groups"
            throw root.error("groups", found: found, expected: "at most 32")
        }
        let names = approvers.map(\.name)
        for (name, table) in tables {
            try table.allowOnly(["members"])
            let form = "a list of names of [approvers.NAME]: members = [\"alice\"]"
            let members = try table.strings("members", form: form)
            guard !members.isEmpty else {
                throw table.error("members", found: "nobody", expected: form)
            }
            var persons: UInt64 = 0
            for member in members {
                let bit: UInt64 = 1 << UInt64(try place(of: member, among: names, "members", table))
                guard persons & bit == 0 else {
                    let found = "\(member) twice"
                    throw table.error("members", found: found, expected: "each name once")
                }
                persons |= bit
            }
            groups.append(PolicyModel.Group(name: name, persons: persons))
        }
    }

    /// What an allow rule says of approvals; nil where it says nothing.
    func readApprovals(
        _ table: SourceTable,
        isDeny: Bool
    ) throws(PolicyError) -> PolicyModel.Approvals? {
        guard let wanted = try table.table("approvals", form: Self.approvalForm) else {
            for key in ["wait", "expires", "veto"] where table.contains(key) {
                let found = "\(key) without approvals"
                throw table.error(key, found: found, expected: "\(Self.approvalForm) beside it")
            }
            return nil
        }
        guard !isDeny else {
            let expected = "approvals on an allow rule: what is denied, nobody can approve"
            throw table.error("approvals", found: "approvals on a deny rule", expected: expected)
        }
        let quorums = try readQuorums(wanted, table)
        let wait = table.contains("wait") ? try duration("wait", table) : 0
        let expiry = try duration("expires", table)
        guard (60...ConditionRecord.expirySecondsMax).contains(expiry) else {
            let found = Written.duration(expiry)
            throw table.error("expires", found: found, expected: "a time from \"60s\" to \"30d\"")
        }
        guard wait < expiry else {
            let expected = "less than expires: nothing could be signed"
            throw table.error("wait", found: Written.duration(wait), expected: expected)
        }
        var veto: Int?
        if table.contains("veto") {
            let form = "a name of [groups.NAME]: veto = \"board\""
            let name = try table.string("veto", form: form)
            veto = try place(of: name, among: groups.map(\.name), "veto", table)
        }
        return PolicyModel.Approvals(
            quorums: quorums,
            veto: veto,
            waitSeconds: wait,
            expirySeconds: expiry
        )
    }

    private func duration(_ key: String, _ table: SourceTable) throws(PolicyError) -> UInt32 {
        let text = try table.string(key, form: "\(Units.durationForm): \(key) = \"24h\"")
        do throws(Units.Fault) {
            return try Units.duration(text)
        } catch {
            throw table.error(key, found: "\"\(text)\"", expected: error.expected)
        }
    }

    private func readQuorums(
        _ wanted: SourceTable,
        _ table: SourceTable
    ) throws(PolicyError) -> [PolicyModel.Approvals.Quorum] {
        let names = wanted.keys
        guard (1...4).contains(names.count) else {
            let found = names.isEmpty ? "no group" : "\(names.count) groups"
            let expected = "1 to 4 \(Self.approvalForm)"
            throw table.error("approvals", found: found, expected: expected)
        }
        var quorums: [PolicyModel.Approvals.Quorum] = []
        for name in names {
            let group = try place(of: name, among: groups.map(\.name), "approvals", table)
            let count = groups[group].persons.nonzeroBitCount
            let threshold = try wanted.integer(name, in: 1...64)
            guard threshold <= count else {
                let found = "\(threshold) of \(name), which has \(count)"
                let expected = "at most \(count), or more members: it could never be reached"
                throw wanted.error(name, found: found, expected: expected)
            }
            for other in quorums {
                let both = groups[group].persons & groups[other.group].persons
                guard both == 0 else {
                    let who = approvers[both.trailingZeroBitCount].name
                    let found = "\(who) in both \(groups[other.group].name) and \(name)"
                    let expected = "groups that share nobody, so that nobody counts twice"
                    throw table.error("approvals", found: found, expected: expected)
                }
            }
            quorums.append(PolicyModel.Approvals.Quorum(group: group, threshold: threshold))
        }
        return quorums.sorted { $0.group < $1.group }
    }
}
