private import Bitcoin

/// The previous transactions of a PSBT, each read and hashed once, however many inputs spend it.
package struct ParentTable: Equatable, Sendable {
    private var parents: [TransactionID: Entry] = [:]

    private struct Entry: Equatable, Sendable {
        /// As the PSBT has it, perhaps with a witness.
        let bytes: [UInt8]
        let transaction: ParentTransaction
    }

    package subscript(id: TransactionID) -> ParentTransaction? { parents[id]?.transaction }

    package var count: Int { parents.count }

    /// The output that `previous` names, if `bytes` are the transaction that it names.
    mutating func coin(
        spentBy previous: OutPoint,
        in bytes: [UInt8],
        place: PSBTPlace
    ) throws(PSBTError) -> Coin {
        let outputs: [Coin]
        if let known = parents[previous.txid], known.bytes == bytes {
            outputs = known.transaction.outputs
        } else {
            let parent = try Self.read(bytes, place: place)
            guard parent.id == previous.txid else {
                throw PSBTError(
                    place,
                    .parentMismatch(expected: previous.txid, found: parent.id)
                )
            }
            parents[parent.id] = Entry(bytes: bytes, transaction: parent)
            outputs = parent.outputs
        }
        guard previous.vout < outputs.count else {
            throw PSBTError(
                place,
                .noSuchParentOutput(vout: previous.vout, outputCount: outputs.count)
            )
        }
        return outputs[Int(previous.vout)]
    }

    private static func read(
        _ bytes: [UInt8],
        place: PSBTPlace
    ) throws(PSBTError) -> ParentTransaction {
        do throws(BitcoinError) {
            return try ParentTransaction(bytes)
        } catch {
            throw PSBTError(place, .parent(error))
        }
    }
}
