import Bitcoin
import Bytes
import SecretMemory
import Wire

/// `to_sign` (BIP-322), laid out as the request of a payment, so that what signs payments signs it.
///
/// No signature of it is worth anything on a chain. Each commits to every outpoint (ALL or
/// DEFAULT), and the first is output 0 of `to_spend`, which no chain can hold: `to_spend` has the
/// one input that only coinbase transactions have, and begins its script with OP_0 where BIP-34
/// has the height of the block.
struct MessageTransaction: ~Copyable {
    private static let byteCountMax =
        5 + 32 + 8 + 2 + (MessageRequest.inputCountMax + 1) * 88 + 2 + 8 + 2 + 1 + 1

    private var memory: Arena
    private var count = 0

    init() throws(SignerStop) {
        memory = try Arena(needing: Self.byteCountMax)
    }

    /// The request; its first input spends `to_spend`, the others are the coins of a proof.
    var bytes: Span<UInt8> {
        @_lifetime(borrow self) get { memory.bytes.extracting(0..<count) }
    }

    /// Lays it out for the address whose `to_spend` is given.
    mutating func load(
        _ message: borrowing MessageRequest,
        spending toSpend: Bytes32,
        _ wallet: OwnWallet
    ) {
        let sighash: UInt8 = wallet.isTaproot ? 0 : 1
        let (network, walletID, inputCount) = (
            message.network, message.walletID, message.inputCount
        )
        var room = memory.mutableBytes
        count = room.write { writer throws(ByteError) in
            try writer.writeUInt8(1)
            try writer.writeUInt8(network)
            try writer.writeUInt16(0)
            try writer.writeUInt8(1)
            try writer.write(walletID)
            try writer.writeUInt32(message.transactionVersion)
            try writer.writeUInt32(message.lockTime)
            try writer.writeUInt16(UInt16(inputCount + 1))
            try writer.write(toSpend)
            try writer.writeUInt32(0)
            try writer.writeUInt32(message.sequence)
            try writer.writeUInt64(0)
            try writer.writeUInt8(0)
            try writer.writeUInt8(message.claim.branch)
            try writer.writeUInt32(message.claim.index)
            try writer.writeUInt8(sighash)
            try writer.writeUInt8(message.selector)
            if message.selector == 1 { try writer.write(message.leafHash) }
            try writer.write(message.inputBytes)
            try writer.writeUInt16(1)
            try writer.writeUInt64(0)
            try writer.writeUInt16(1)
            try writer.writeUInt8(SignedMessage.toSignOutput)
            try writer.writeUInt8(0)
        }
    }
}
