package import Bytes

/// What the signer itself did, as it stands in the log.
package enum SignerEvent: UInt8, Equatable, Sendable {
    case unlock = 1
    case refill = 2
    case recover = 3
}

/// A leaf that the signer built and tagged: unlock, refill, recover.
package struct EventLeaf: Equatable, Sendable {
    package static let byteCount =
        LeafHeader.byteCount + 1 + 32 + 4 + 8 + 32 + 8 + 32 + 8 + 8 + 4 + 32

    package let salt: Bytes16
    package let event: SignerEvent
    package let homeID: Bytes32
    /// The log, size and root that the statement was about; for recover, those that were lost.
    package let logNumber: UInt32
    package let logSize: UInt64
    package let root: Bytes32
    package let epoch: UInt64
    package let bundleHash: Bytes32
    package let allowanceTotal: UInt64
    package let allowanceSpent: UInt64
    /// Kernel bits of protocol.md, section 7.
    package let kernel: UInt32
    package let tag: Bytes32

    package init(
        salt: Bytes16,
        event: SignerEvent,
        homeID: Bytes32,
        logNumber: UInt32,
        logSize: UInt64,
        root: Bytes32,
        epoch: UInt64,
        bundleHash: Bytes32,
        allowanceTotal: UInt64,
        allowanceSpent: UInt64,
        kernel: UInt32,
        tag: Bytes32
    ) {
        self.salt = salt
        self.event = event
        self.homeID = homeID
        self.logNumber = logNumber
        self.logSize = logSize
        self.root = root
        self.epoch = epoch
        self.bundleHash = bundleHash
        self.allowanceTotal = allowanceTotal
        self.allowanceSpent = allowanceSpent
        self.kernel = kernel
        self.tag = tag
    }

    /// Writes everything before the tag.
    package func writeUntagged(to writer: inout ByteWriter) throws(ByteError) {
        try LeafHeader(kind: .event, salt: salt).write(to: &writer)
        try writer.writeUInt8(event.rawValue)
        try writer.write(homeID)
        try writer.writeUInt32(logNumber)
        try writer.writeUInt64(logSize)
        try writer.write(root)
        try writer.writeUInt64(epoch)
        try writer.write(bundleHash)
        try writer.writeUInt64(allowanceTotal)
        try writer.writeUInt64(allowanceSpent)
        try writer.writeUInt32(kernel)
    }
}
