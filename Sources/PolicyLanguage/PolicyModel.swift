package import Bitcoin
package import Policy
package import Wallet

/// What a policy source says, names resolved to places, ready to be laid out.
package struct PolicyModel: Equatable, Sendable {
    package struct Wallet: Equatable, Sendable {
        package var name: String
        /// What the bundle says of it.
        package var template: WalletTemplate
        /// The descriptor as it was understood.
        package var output: OutputDescriptor
        /// The descriptor as it was written, without a checksum.
        package var descriptor: String
    }

    package struct Destination: Equatable, Sendable {
        package var script: [UInt8]
        package var lists: UInt64
    }

    package struct Limit: Equatable, Sendable {
        package var name: String
        package var scope: LimitScope
        package var windowSeconds: UInt32
        package var amountMax: UInt64?
        package var countMax: UInt32?
    }

    package struct Rule: Equatable, Sendable {
        package var name: String
        package var fields: RuleFields
        /// Of a rule about messages.
        package var message: MessageFields?
        /// Of a rule of conditions, in the order of the bundle.
        package var conditions: [PolicyCondition]?
    }

    package struct MessageFields: Equatable, Sendable {
        package var formats: UInt8
        package var branches: UInt8
        package var indexMin: UInt32
        package var indexMax: UInt32
        package var pattern: [UInt8]
    }

    package var network: Network
    /// Names of uids.
    package var requesters: [String: UInt32] = [:]
    package var allowance: UInt64
    /// Nil when the source has no `[admins]`.
    package var adminThreshold: Int?
    /// SSH wire form, sorted, distinct.
    package var adminKeys: [[UInt8]]
    /// Sorted by name.
    package var wallets: [Wallet]
    /// Sorted by name.
    package var lists: [String]
    /// Sorted by length of the script, then by its bytes.
    package var destinations: [Destination]
    /// Sorted by prefix, least and most length.
    package var shapes: [Shape]
    /// Sorted by name, as their groups are.
    package var approvers: [Approver]
    package var groups: [Group]
    /// Sorted by scope, then by name.
    package var limits: [Limit]
    /// In the order of the source.
    package var rules: [Rule]
}
