package import Bytes

/// What the gate made of a decision.
package enum ChargeOutcome: UInt8, Equatable, Sendable {
    case charged = 1
    case limitExceeded = 2
    case refusedBySigner = 3
}

/// The gate's companion to a decision; it stands right after it.
package struct ChargeLeaf: Equatable, Sendable {
    package static let byteCount =
        LeafHeader.byteCount + 8 + 1 + 2 + 2 + 36 + 4 + LeafTime.byteCount
    /// Stands for no rule and no limit.
    package static let none = UInt16.max

    package let salt: Bytes16
    package let decisionIndex: UInt64
    package let outcome: ChargeOutcome
    package let rule: UInt16
    package let limit: UInt16
    package let group: LeafOutpoint
    package let requester: UInt32
    package let time: LeafTime

    /// Reads a whole leaf.
    package init(reading bytes: Span<UInt8>) throws(ByteError) {
        var reader = ByteReader(bytes)
        let header = try LeafHeader(reading: &reader)
        guard header.kind == .charge else { throw .nonCanonical }
        salt = header.salt
        decisionIndex = try reader.readUInt64()
        guard let outcome = ChargeOutcome(rawValue: try reader.readUInt8()) else {
            throw .nonCanonical
        }
        self.outcome = outcome
        rule = try reader.readUInt16()
        limit = try reader.readUInt16()
        group = try LeafOutpoint(reading: &reader)
        requester = try reader.readUInt32()
        time = try LeafTime(reading: &reader)
        try reader.finish()
    }
}
