package import Bytes

extension RequestInput {
    package init(
        txid: Bytes32,
        vout: UInt32,
        sequence: UInt32,
        amount: UInt64,
        claim: OwnerClaim,
        sighash: UInt8,
        leafHash: Bytes32? = nil
    ) {
        self.txid = txid
        self.vout = vout
        self.sequence = sequence
        self.amount = amount
        self.claim = claim
        self.sighash = sighash
        selector = leafHash == nil ? 0 : 1
        self.leafHash = leafHash ?? .zero
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.write(txid)
        try writer.writeUInt32(vout)
        try writer.writeUInt32(sequence)
        try writer.writeUInt64(amount)
        try claim.write(to: &writer)
        try writer.writeUInt8(sighash)
        try writer.writeUInt8(selector)
        if selector == 1 { try writer.write(leafHash) }
    }
}

extension OwnerClaim {
    package init(wallet: UInt8, branch: UInt8, index: UInt32) {
        self.wallet = wallet
        self.branch = branch
        self.index = index
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt8(wallet)
        try writer.writeUInt8(branch)
        try writer.writeUInt32(index)
    }
}

extension RequestOutput {
    @_lifetime(copy script)
    package init(amount: UInt64, script: Span<UInt8>, claim: OwnerClaim?) {
        self.amount = amount
        self.script = script
        self.claim = claim
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt64(amount)
        try writer.writeVec16(script)
        guard let claim else { return try writer.writeUInt8(0) }
        try writer.writeUInt8(1)
        try claim.write(to: &writer)
    }
}
