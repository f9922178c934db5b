import Policy
private import Wallet

extension PolicyModel {
    /// One who approves payments.
    package struct Approver: Equatable, Sendable {
        package struct Key: Equatable, Sendable {
            /// SSH wire form.
            package var wire: [UInt8]
            /// Whether its authenticator must verify who touches it.
            package var verifies: Bool
        }

        package var name: String
        package var keys: [Key]

        var bytes: [UInt8] {
            var bytes = [UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(keys.count)]
            for key in keys {
                bytes.append(key.verifies ? 1 : 0)
                bytes.append(number: UInt16(key.wire.count))
                bytes += key.wire
            }
            return bytes
        }
    }

    /// A group of approvers; bit n for approver n.
    package struct Group: Equatable, Sendable {
        package var name: String
        package var persons: UInt64

        var bytes: [UInt8] {
            var bytes = [UInt8(name.utf8.count)] + Array(name.utf8)
            bytes.append(number: persons)
            return bytes
        }
    }

    /// What a rule says of approvals, groups by their places.
    package struct Approvals: Equatable, Sendable {
        package struct Quorum: Equatable, Sendable {
            package var group: Int
            package var threshold: Int
        }

        /// In the order of groups.
        package var quorums: [Quorum]
        package var veto: Int?
        package var waitSeconds: UInt32
        package var expirySeconds: UInt32

        var bytes: [UInt8] {
            var bytes = [ConditionKind.approvals.rawValue, UInt8(quorums.count)]
            for quorum in quorums { bytes += [UInt8(quorum.group), UInt8(quorum.threshold)] }
            bytes.append(veto.map { UInt8($0) } ?? 255)
            bytes.append(number: waitSeconds)
            bytes.append(number: expirySeconds)
            return bytes
        }
    }

    /// The count of extensions and the one about approvers, which stands there where a rule needs
    /// approvals.
    var approverBytes: [UInt8] {
        let isNeeded = rules.flatMap { $0.conditions ?? [] }.contains {
            if case .approvals = $0 { true } else { false }
        }
        guard isNeeded else { return [] }
        let persons = [UInt8(approvers.count)] + approvers.flatMap(\.bytes)
        let body = persons + [UInt8(groups.count)] + groups.flatMap(\.bytes)
        var bytes: [UInt8] = []
        for number in [1, 1] as [UInt16] { bytes.append(number: number) }
        bytes.append(number: UInt32(body.count))
        return bytes + body
    }
}
