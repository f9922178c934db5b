/// What a bundle asks of whoever enforces it, beside what every version did. Who does not enforce
/// all of it must not open the bundle.
package struct BundleNeeds: Equatable, Sendable {
    private var bits: UInt8

    /// Rules of conditions, which ask for more facts than the others.
    package static let conditions = BundleNeeds(bits: 1)
    /// Limits that each destination of a list has for itself.
    package static let eachDestination = BundleNeeds(bits: 2)
    /// The sections of version 2: time zones, and data that stands in lists by its shape.
    package static let extensions = BundleNeeds(bits: 4)
    /// Approvers, and rules that need their approval.
    package static let approvals = BundleNeeds(bits: 8)
    package static let none = BundleNeeds(bits: 0)

    /// What signer and gate enforce. Neither opens a bundle that asks for more.
    package static let enforced = BundleNeeds(
        bits: conditions.bits | eachDestination.bits | extensions.bits
    )

    private init(bits: UInt8) { self.bits = bits }

    mutating func formUnion(_ other: BundleNeeds) { bits |= other.bits }

    /// Whether rules may ask more of a payment than version 1 of them could.
    package var areFactsAsked: Bool { bits & (Self.conditions.bits | Self.extensions.bits) != 0 }

    /// Whether all of `other` is asked.
    package func contains(_ other: BundleNeeds) -> Bool { other.isSubset(of: self) }

    /// Whether all that is asked is among `others`.
    package func isSubset(of others: BundleNeeds) -> Bool { bits & ~others.bits == 0 }
}
