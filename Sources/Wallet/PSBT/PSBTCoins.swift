private import Bitcoin
private import Bytes

extension PSBTInput {
    /// Finds out anew what the map says about the spent output, and holds it to what is spent.
    mutating func readCoins(
        spending previous: OutPoint,
        _ place: PSBTPlace,
        _ parents: inout ParentTable
    ) throws(PSBTError) {
        provenCoin = nil
        claimedCoin = nil
        if let bytes = map.value(PSBTFieldType.nonWitnessUTXO) {
            provenCoin = try parents.coin(spentBy: previous, in: bytes, place: place)
        }
        if let bytes = map.value(PSBTFieldType.witnessUTXO) {
            claimedCoin = try Self.coin(bytes, place: place)
        }
        if let bytes = map.value(PSBTFieldType.finalScriptWitness) {
            do throws(BitcoinError) {
                _ = try Transaction.witnessItems(bytes)
            } catch {
                let name = PSBTFieldName(.input, PSBTFieldType.finalScriptWitness)
                throw PSBTError(place, .value(name, expected: "a count and the items of a witness"))
            }
        }
    }

    /// A serialized output and nothing after it.
    private static func coin(_ bytes: [UInt8], place: PSBTPlace) throws(PSBTError) -> Coin {
        let name = PSBTFieldName(.input, PSBTFieldType.witnessUTXO)
        let satoshis: UInt64
        let script: Range<Int>
        do throws(ByteError) {
            var reader = ByteReader(bytes.span)
            satoshis = try reader.readUInt64()
            script = try reader.readRange()
            try reader.finish()
        } catch {
            throw PSBTError(place, .value(name, expected: "an amount and a script: \(error.words)"))
        }
        do throws(BitcoinError) {
            return Coin(amount: try Amount(satoshis: satoshis), script: Array(bytes[script]))
        } catch {
            throw PSBTError(place, .value(name, expected: "at most 21 million bitcoin"))
        }
    }
}
