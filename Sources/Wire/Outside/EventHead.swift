package import Bytes

/// The first part of an event: what happened, and where the signer stood. The signer
/// writes it straight from its record.
package struct EventHead: Equatable, Sendable {
    package static let byteCount =
        LeafHeader.byteCount + 1 + 32 + 4 + 8 + 32 + 8 + 32 + 8 + 8 + 4

    package let salt: Bytes16
    package let event: SignerEvent
    /// The home, log, size, root and epoch that the statement was about; for recover, those of the
    /// log that was lost.
    package let place: StatementPlace
    package let bundleHash: Bytes32
    package let allowanceTotal: UInt64
    package let allowanceSpent: UInt64
    /// Kernel bits of protocol.md, section 7.
    package let kernel: UInt32

    package init(
        salt: Bytes16,
        event: SignerEvent,
        place: StatementPlace,
        bundleHash: Bytes32,
        allowanceTotal: UInt64,
        allowanceSpent: UInt64,
        kernel: UInt32
    ) {
        self.salt = salt
        self.event = event
        self.place = place
        self.bundleHash = bundleHash
        self.allowanceTotal = allowanceTotal
        self.allowanceSpent = allowanceSpent
        self.kernel = kernel
    }

    /// Writes the head; the admins' signatures and the tag follow it.
    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try LeafHeader(kind: .event, salt: salt).write(to: &writer)
        try writer.writeUInt8(event.rawValue)
        try writer.write(place.homeID)
        try writer.writeUInt32(place.logNumber)
        try writer.writeUInt64(place.logSize)
        try writer.write(place.root)
        try writer.writeUInt64(place.epoch)
        try writer.write(bundleHash)
        try writer.writeUInt64(allowanceTotal)
        try writer.writeUInt64(allowanceSpent)
        try writer.writeUInt32(kernel)
    }
}

extension EventHead {
    init(reading reader: inout ByteReader) throws(ByteError) {
        let header = try LeafHeader(reading: &reader)
        guard header.kind == .event, let event = SignerEvent(rawValue: try reader.readUInt8())
        else { throw .nonCanonical }
        salt = header.salt
        self.event = event
        place = StatementPlace(
            homeID: try reader.readBytes32(),
            logNumber: try reader.readUInt32(),
            logSize: try reader.readUInt64(),
            root: try reader.readBytes32(),
            epoch: try reader.readUInt64()
        )
        bundleHash = try reader.readBytes32()
        allowanceTotal = try reader.readUInt64()
        allowanceSpent = try reader.readUInt64()
        kernel = try reader.readUInt32()
    }

    /// What the admins signed for this event; nothing for an unlock, which needs none of them.
    package var statement: StatementText? {
        switch event {
        case .unlock: nil
        case .refill: .refill(place, newTotal: allowanceTotal)
        case .recover: .recover(place)
        }
    }
}
