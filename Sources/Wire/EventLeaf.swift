package import Bytes

/// What the signer itself did, as it stands in the log.
package enum SignerEvent: UInt8, Equatable, Sendable {
    case unlock = 1
    case refill = 2
    case recover = 3
}

/// The first part of an event: what happened, and where the signer stood.
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

/// Signatures of admins: `vec16 SSHSIG*`, so many as is said before them.
package struct StatementSignatures: ~Escapable {
    private var reader: ByteReader
    package private(set) var left: Int

    /// Takes `count` signatures from `outer`.
    @_lifetime(copy outer)
    package init(reading outer: inout ByteReader, count: Int) throws(ByteError) {
        var probe = outer
        for _ in 0..<count {
            _ = try probe.readVec16()
        }
        reader = ByteReader(try outer.readSpan(probe.position - outer.position))
        left = count
    }

    /// The next signature, or nothing at the end.
    @_lifetime(copy self)
    package mutating func next() -> Span<UInt8>? {
        guard left > 0 else { return nil }
        left -= 1
        do throws(ByteError) {
            return try reader.readVec16()
        } catch {
            preconditionFailure("the list was read once by the initializer")
        }
    }
}
