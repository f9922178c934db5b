package import Bytes

/// An outpoint: `bytes[32] txid | u32 vout`, the txid as hashed.
package struct LeafOutpoint: Equatable, Sendable {
    package let txid: Bytes32
    package let vout: UInt32

    package init(txid: Bytes32, vout: UInt32) {
        self.txid = txid
        self.vout = vout
    }

    package init(reading reader: inout ByteReader) throws(ByteError) {
        txid = try reader.readBytes32()
        vout = try reader.readUInt32()
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.write(txid)
        try writer.writeUInt32(vout)
    }

    /// The order by which a transaction's anchor is its least outpoint: txid bytes, then vout.
    package func precedes(_ other: LeafOutpoint) -> Bool {
        txid == other.txid ? vout < other.vout : txid.precedes(other.txid)
    }
}
