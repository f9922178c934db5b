package import Bytes

extension EventLeaf {
    /// Reads a whole leaf.
    package init(reading bytes: Span<UInt8>) throws(ByteError) {
        var reader = ByteReader(bytes)
        let header = try LeafHeader(reading: &reader)
        guard header.kind == .event, let event = SignerEvent(rawValue: try reader.readUInt8())
        else { throw .nonCanonical }
        salt = header.salt
        self.event = event
        homeID = try reader.readBytes32()
        logNumber = try reader.readUInt32()
        logSize = try reader.readUInt64()
        root = try reader.readBytes32()
        epoch = try reader.readUInt64()
        bundleHash = try reader.readBytes32()
        allowanceTotal = try reader.readUInt64()
        allowanceSpent = try reader.readUInt64()
        kernel = try reader.readUInt32()
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
