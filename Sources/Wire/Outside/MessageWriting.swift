package import Bytes
package import Policy

extension MessageLeafFacts {
    /// The facts by which a message is charged: those of a payment of nothing.
    package var charged: DecisionFacts {
        DecisionFacts(
            txid: anchor,
            outflow: 0,
            fee: 0,
            vsize: 0,
            anchor: LeafOutpoint(txid: anchor, vout: 0),
            inputCount: inputCount,
            inputsDigest: inputsDigest,
            walletID: walletID,
            ownOutputCount: 0,
            ownOutputAmount: 0
        )
    }

    /// Whether it is about that request, as far as the request says.
    package func isAbout(_ request: borrowing MessageRequest) -> Bool {
        format == request.format && walletID == request.walletID && branch == request.claim.branch
            && index == request.claim.index && Int(inputCount) == request.inputCount
            && text.equals(request.text)
    }
}

/// The fields of a message's request before its text.
package struct MessageFields: Equatable, Sendable {
    package var network: UInt8
    package var format: MessageFormat
    package var walletID: Bytes32
    package var branch: UInt8
    package var index: UInt32
    /// Nothing for the key path, or the only key or script.
    package var leafHash: Bytes32?
    package var transactionVersion: UInt32 = 0
    package var lockTime: UInt32 = 0
    package var sequence: UInt32 = 0

    package init(
        network: UInt8,
        format: MessageFormat,
        walletID: Bytes32,
        branch: UInt8,
        index: UInt32
    ) {
        self.network = network
        self.format = format
        self.walletID = walletID
        self.branch = branch
        self.index = index
    }

    /// Writes the fields and the text; a count of inputs and as many inputs follow.
    package func write(text: Span<UInt8>, to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt8(MessageRequest.version)
        try writer.writeUInt8(network)
        try writer.writeUInt8(0)
        try writer.writeUInt8(format.rawValue)
        try writer.write(walletID)
        try writer.writeUInt8(branch)
        try writer.writeUInt32(index)
        try writer.writeUInt8(leafHash == nil ? 0 : 1)
        if let leafHash { try writer.write(leafHash) }
        try writer.writeUInt32(transactionVersion)
        try writer.writeUInt32(lockTime)
        try writer.writeUInt32(sequence)
        try writer.writeVec32(text)
    }
}
