package import Bytes
private import Policy

/// What the signer found to be true of a request, up to the destinations. Amounts in satoshi. The
/// signer writes it straight from what it verified.
package struct DecisionFacts: Equatable, Sendable {
    package let txid: Bytes32
    /// Our inputs less our outputs, so the fee counts.
    package let outflow: UInt64
    package let fee: UInt64
    /// Of the signed transaction, vB.
    package let vsize: UInt32
    /// The least outpoint among the inputs.
    package let anchor: LeafOutpoint
    package let inputCount: UInt16
    package let inputsDigest: Bytes32
    package let walletID: Bytes32
    package let ownOutputCount: UInt16
    package let ownOutputAmount: UInt64

    package init(
        txid: Bytes32,
        outflow: UInt64,
        fee: UInt64,
        vsize: UInt32,
        anchor: LeafOutpoint,
        inputCount: UInt16,
        inputsDigest: Bytes32,
        walletID: Bytes32,
        ownOutputCount: UInt16,
        ownOutputAmount: UInt64
    ) {
        self.txid = txid
        self.outflow = outflow
        self.fee = fee
        self.vsize = vsize
        self.anchor = anchor
        self.inputCount = inputCount
        self.inputsDigest = inputsDigest
        self.walletID = walletID
        self.ownOutputCount = ownOutputCount
        self.ownOutputAmount = ownOutputAmount
    }

    /// Writes the facts, the bits before them not included; destinations, rules and charges follow.
    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.write(txid)
        try writer.writeUInt64(outflow)
        try writer.writeUInt64(fee)
        try writer.writeUInt32(vsize)
        try anchor.write(to: &writer)
        try writer.writeUInt16(inputCount)
        try writer.write(inputsDigest)
        try writer.write(walletID)
        try writer.writeUInt16(ownOutputCount)
        try writer.writeUInt64(ownOutputAmount)
    }
}

extension DecisionFacts {
    init(reading reader: inout ByteReader) throws(ByteError) {
        txid = try reader.readBytes32()
        outflow = try reader.readUInt64()
        fee = try reader.readUInt64()
        vsize = try reader.readUInt32()
        anchor = try LeafOutpoint(reading: &reader)
        inputCount = try reader.readUInt16()
        inputsDigest = try reader.readBytes32()
        walletID = try reader.readBytes32()
        ownOutputCount = try reader.readUInt16()
        ownOutputAmount = try reader.readUInt64()
    }
}

extension AskedFacts {
    /// Of a payment both sets hold something, of a message nothing.
    init(reading reader: inout ByteReader, ofMessage: Bool) throws(ByteError) {
        requester = try reader.readUInt32()
        time = try reader.readUInt64()
        lockTimes = try reader.readUInt8()
        replaceable = try reader.readUInt8()
        let isGood =
            ofMessage
            ? lockTimes == 0 && replaceable == 0
            : (1...LockTimes.every).contains(lockTimes)
                && (1...Either.every).contains(replaceable)
        guard isGood else { throw .nonCanonical }
    }
}

extension ReplacedPayment {
    init(reading reader: inout ByteReader) throws(ByteError) {
        digest = try reader.readBytes32()
        outflow = try reader.readUInt64()
    }
}
