package import Bytes

/// A transaction id. Printed, its bytes come in reverse, as everywhere outside of the protocol.
package struct TransactionID: Hashable, Sendable, CustomStringConvertible {
    /// In internal byte order.
    package let bytes: Bytes32

    package init(_ bytes: Bytes32) {
        self.bytes = bytes
    }

    package func hash(into hasher: inout Hasher) {
        // A txid is uniform already, but an attacker may choose it: all of it goes in.
        for index in 0..<32 {
            hasher.combine(bytes[index])
        }
    }

    package var description: String { hexText(bytes.array.reversed()) }
}

/// The output of a transaction that an input spends.
package struct OutPoint: Hashable, Sendable, CustomStringConvertible {
    package let txid: TransactionID
    package let vout: UInt32

    package init(txid: TransactionID, vout: UInt32) {
        self.txid = txid
        self.vout = vout
    }

    package var description: String { "\(txid):\(vout)" }
}

extension FixedBytes {
    /// The bytes on the heap.
    package var array: [UInt8] { [UInt8](copying: span) }
}
