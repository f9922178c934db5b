package import Bytes
package import Policy

/// What a decision leaf says of a message (protocol.md, section 5).
package struct MessageLeafFacts: ~Escapable {
    package let format: MessageFormat
    package let walletID: Bytes32
    package let branch: UInt8
    package let index: UInt32
    package let addressScript: Span<UInt8>
    /// The id of `to_spend`, or the digest of a message in the legacy format; with output 0, the
    /// anchor of its conflict group.
    package let anchor: Bytes32
    /// The coins of a proof of funds, what names them, and what they are said to hold.
    package let inputCount: UInt16
    package let inputsDigest: Bytes32
    package let inputAmount: UInt64
    package let text: Span<UInt8>

    @_lifetime(copy addressScript, copy text)
    package init(
        format: MessageFormat,
        walletID: Bytes32,
        branch: UInt8,
        index: UInt32,
        addressScript: Span<UInt8>,
        anchor: Bytes32,
        inputCount: UInt16,
        inputsDigest: Bytes32,
        inputAmount: UInt64,
        text: Span<UInt8>
    ) {
        self.format = format
        self.walletID = walletID
        self.branch = branch
        self.index = index
        self.addressScript = addressScript
        self.anchor = anchor
        self.inputCount = inputCount
        self.inputsDigest = inputsDigest
        self.inputAmount = inputAmount
        self.text = text
    }

    @_lifetime(copy reader)
    package init(reading reader: inout ByteReader) throws(ByteError) {
        guard let format = MessageFormat(rawValue: try reader.readUInt8()) else {
            throw .nonCanonical
        }
        self.format = format
        walletID = try reader.readBytes32()
        branch = try reader.readUInt8()
        index = try reader.readUInt32()
        addressScript = try reader.readVec16()
        anchor = try reader.readBytes32()
        guard try reader.readUInt32() == 0 else { throw .nonCanonical }
        inputCount = try reader.readUInt16()
        inputsDigest = try reader.readBytes32()
        inputAmount = try reader.readUInt64()
        text = try reader.readVec32(limit: MessageRequest.textByteCountMax)
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt8(format.rawValue)
        try writer.write(walletID)
        try writer.writeUInt8(branch)
        try writer.writeUInt32(index)
        try writer.writeVec16(addressScript)
        try writer.write(anchor)
        try writer.writeUInt32(0)
        try writer.writeUInt16(inputCount)
        try writer.write(inputsDigest)
        try writer.writeUInt64(inputAmount)
        try writer.writeUInt32(UInt32(text.count))
        try writer.write(text)
    }
}
