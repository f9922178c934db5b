package import Bytes

/// A leaf that the signer built and tagged, as a view over its bytes, checked for form to the last
/// byte. Whether the tag is the signer's only the signer can say; the admins' signatures anyone can
/// verify.
package struct EventLeaf: ~Escapable {
    package let head: EventHead
    /// Those of the admins over `head.statement`; none for an unlock.
    package let signatures: StatementSignatures
    package let tag: Bytes32

    @_lifetime(copy bytes)
    package init(reading bytes: Span<UInt8>) throws(ByteError) {
        var reader = ByteReader(bytes)
        head = try EventHead(reading: &reader)
        let count = Int(try reader.readUInt16())
        guard count == 0 || head.event != .unlock else { throw .nonCanonical }
        signatures = try StatementSignatures(reading: &reader, count: count)
        tag = try reader.readBytes32()
        try reader.finish()
    }
}

extension SignerStatus {
    /// Reads a whole payload.
    package init(reading bytes: Span<UInt8>) throws(ByteError) {
        var reader = ByteReader(bytes)
        guard let phase = Phase(rawValue: try reader.readUInt8()) else { throw .nonCanonical }
        self.phase = phase
        network = try reader.readUInt8()
        homeID = try reader.readBytes32()
        logNumber = try reader.readUInt32()
        logSize = try reader.readUInt64()
        root = try reader.readBytes32()
        epoch = try reader.readUInt64()
        bundleHash = try reader.readBytes32()
        allowanceTotal = try reader.readUInt64()
        allowanceSpent = try reader.readUInt64()
        lastTime = try reader.readUInt64()
        auditPublicKey = try reader.readBytes32()
        kernel = try reader.readUInt32()
        build = try reader.readUInt32()
        landlockABI = try reader.readUInt32()
        try reader.finish()
    }
}
