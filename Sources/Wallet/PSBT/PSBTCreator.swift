private import Bitcoin
private import BitcoinCrypto

/// The roles that make a PSBT (BIP-174, Creator) and build its transaction (BIP-370, Constructor).
extension PSBT {
    /// A PSBT for a transaction that nobody has signed, with nothing known about it yet.
    package init(unsigned transaction: Transaction, version: PSBTVersion = .v0) {
        precondition(!transaction.hasWitness, "a transaction without signatures")
        var global = PSBTMap()
        var inputs = transaction.inputs.map { _ in PSBTInput(map: PSBTMap()) }
        var outputs = transaction.outputs.map { _ in PSBTOutput(map: PSBTMap()) }
        switch version {
        case .v0:
            let type = PSBTFieldType.unsignedTransaction
            global.set(PSBTField(type, value: transaction.serialized()))
        case .v2:
            global.spread(transaction)
            for (index, input) in transaction.inputs.enumerated() {
                inputs[index].map.spread(input)
            }
            for (index, output) in transaction.outputs.enumerated() {
                outputs[index].map.spread(output)
            }
        }
        self.init(
            version: version,
            global: global,
            transaction: transaction,
            inputs: inputs,
            outputs: outputs,
            parents: ParentTable()
        )
    }

    /// An empty PSBT of version 2, to which others may add as far as `modifiable` says.
    package init(
        transactionVersion: UInt32 = 2,
        fallbackLockTime: UInt32 = 0,
        modifiable: PSBTModifiable
    ) {
        self.init(
            unsigned: Transaction(
                version: transactionVersion,
                inputs: [],
                outputs: [],
                lockTime: fallbackLockTime
            ),
            version: .v2
        )
        global.set(PSBTField(PSBTFieldType.modifiable, value: [modifiable.rawValue]))
    }
}

/// The parts of a transaction as fields of version 2.
extension PSBTMap {
    mutating func spread(_ transaction: Transaction) {
        set(PSBTFieldType.transactionVersion, number: transaction.version)
        if transaction.lockTime > 0 {
            set(PSBTFieldType.fallbackLockTime, number: transaction.lockTime)
        }
        set(PSBTFieldType.inputCount, count: transaction.inputs.count)
        set(PSBTFieldType.outputCount, count: transaction.outputs.count)
        set(PSBTFieldType.version, number: PSBTVersion.v2.rawValue)
    }

    mutating func spread(_ input: Transaction.Input) {
        let type = PSBTFieldType.previousTransactionID
        set(PSBTField(type, value: input.previous.txid.bytes.array))
        set(PSBTFieldType.outputIndex, number: input.previous.vout)
        set(PSBTFieldType.sequence, number: input.sequence)
    }

    mutating func spread(_ output: Coin) {
        set(PSBTFieldType.amount, number: output.amount.satoshis)
        set(PSBTField(PSBTFieldType.script, value: output.script))
    }

    mutating func set<Number: FixedWidthInteger>(_ type: UInt64, number: Number) {
        var value: [UInt8] = []
        value.append(number: number)
        set(PSBTField(type, value: value))
    }

    mutating func set(_ type: UInt64, count: Int) {
        var value: [UInt8] = []
        value.append(compactSize: UInt64(count))
        set(PSBTField(type, value: value))
    }
}
