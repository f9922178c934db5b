private import Bitcoin
private import Bytes

/// What BIP-370 spreads over the maps, put together.
extension PSBT {
    /// The transaction that the fields of version 2 say, with its lock time computed.
    static func transaction(
        _ global: PSBTMap,
        _ inputs: [PSBTInput],
        _ outputs: [PSBTOutput]
    ) throws(PSBTError) -> Transaction {
        var spending: [Transaction.Input] = []
        spending.reserveCapacity(inputs.count)
        for (index, input) in inputs.enumerated() {
            spending.append(
                Transaction.Input(
                    previous: try input.map.previousOutput(.input(index)),
                    sequence: input.map.number(PSBTFieldType.sequence) ?? 0xffff_ffff
                )
            )
        }
        var paying: [Coin] = []
        paying.reserveCapacity(outputs.count)
        for (index, output) in outputs.enumerated() {
            paying.append(try output.map.coin(.output(index)))
        }
        let version = global.number(PSBTFieldType.transactionVersion)
        guard let version else {
            let name = PSBTFieldName(.global, PSBTFieldType.transactionVersion)
            throw PSBTError(.global, .missingField(name))
        }
        return Transaction(
            version: version,
            inputs: spending,
            outputs: paying,
            lockTime: try lockTime(global, inputs)
        )
    }

    /// The lock time of BIP-370: what every input that asks for one can live with; a height where
    /// both kinds would do; the fallback where none asks.
    private static func lockTime(
        _ global: PSBTMap,
        _ inputs: [PSBTInput]
    ) throws(PSBTError) -> UInt32 {
        var (height, time): (UInt32, UInt32) = (0, 0)
        // The first input that knows no other kind.
        var heightOnly: Int?
        var timeOnly: Int?
        for (index, input) in inputs.enumerated() {
            let ownHeight = input.map.number(PSBTFieldType.requiredHeight)
            let ownTime = input.map.number(PSBTFieldType.requiredTime)
            height = max(height, ownHeight ?? 0)
            time = max(time, ownTime ?? 0)
            if ownHeight != nil, ownTime == nil { heightOnly = heightOnly ?? index }
            if ownTime != nil, ownHeight == nil { timeOnly = timeOnly ?? index }
        }
        if let heightOnly, let timeOnly {
            let last = max(heightOnly, timeOnly)
            let problem = PSBTProblem.lockTimesConflict(height: heightOnly, time: timeOnly)
            throw PSBTError(.input(last), problem)
        }
        if timeOnly == nil, height > 0 { return height }
        if time > 0 { return time }
        return global.number(PSBTFieldType.fallbackLockTime) ?? 0
    }
}

extension PSBTMap {
    /// The output that an input of version 2 spends.
    func previousOutput(_ place: PSBTPlace) throws(PSBTError) -> OutPoint {
        guard let id = value(PSBTFieldType.previousTransactionID) else {
            let name = PSBTFieldName(.input, PSBTFieldType.previousTransactionID)
            throw PSBTError(place, .missingField(name))
        }
        guard let vout = number(PSBTFieldType.outputIndex) else {
            let name = PSBTFieldName(.input, PSBTFieldType.outputIndex)
            throw PSBTError(place, .missingField(name))
        }
        return OutPoint(txid: TransactionID(Bytes32(first: id[...])), vout: vout)
    }

    /// What an output of version 2 pays.
    fileprivate func coin(_ place: PSBTPlace) throws(PSBTError) -> Coin {
        let name = PSBTFieldName(.output, PSBTFieldType.amount)
        guard let satoshis = value(PSBTFieldType.amount).flatMap(UInt64.init(littleEndian:)) else {
            throw PSBTError(place, .missingField(name))
        }
        guard let script = value(PSBTFieldType.script) else {
            throw PSBTError(place, .missingField(PSBTFieldName(.output, PSBTFieldType.script)))
        }
        do throws(BitcoinError) {
            return Coin(amount: try Amount(satoshis: satoshis), script: script)
        } catch {
            throw PSBTError(place, .value(name, expected: "at most 21 million bitcoin"))
        }
    }
}
