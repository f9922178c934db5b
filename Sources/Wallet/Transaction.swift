package import Bitcoin
private import BitcoinCrypto
private import Bytes

/// An amount and the script it is locked by.
package struct Coin: Equatable, Sendable {
    package let amount: Amount
    package let script: [UInt8]

    package init(amount: Amount, script: [UInt8]) {
        self.amount = amount
        self.script = script
    }
}

/// A transaction on the heap, for the programs that may have one.
package struct Transaction: Equatable, Sendable {
    package struct Input: Equatable, Sendable {
        package let previous: OutPoint
        package var script: [UInt8]
        package let sequence: UInt32
        /// The items of the witness.
        package var witness: [[UInt8]]

        package init(
            previous: OutPoint,
            script: [UInt8] = [],
            sequence: UInt32,
            witness: [[UInt8]] = []
        ) {
            self.previous = previous
            self.script = script
            self.sequence = sequence
            self.witness = witness
        }
    }

    package let version: UInt32
    package var inputs: [Input]
    package let outputs: [Coin]
    package let lockTime: UInt32

    package init(version: UInt32, inputs: [Input], outputs: [Coin], lockTime: UInt32) {
        self.version = version
        self.inputs = inputs
        self.outputs = outputs
        self.lockTime = lockTime
    }

    /// Reads all of `bytes`.
    package init(_ bytes: [UInt8], form: TransactionForm) throws(BitcoinError) {
        var reader = try TransactionReader(bytes.span, form: form)
        var inputs: [Input] = []
        inputs.reserveCapacity(reader.inputCount)
        for _ in 0..<reader.inputCount {
            let input = try reader.readInput()
            inputs.append(
                Input(
                    previous: OutPoint(txid: TransactionID(input.txid), vout: input.vout),
                    script: Array(bytes[input.script]),
                    sequence: input.sequence
                )
            )
        }
        var outputs: [Coin] = []
        for _ in 0..<(try reader.readOutputCount()) {
            let output = try reader.readOutput()
            outputs.append(Coin(amount: output.amount, script: Array(bytes[output.script])))
        }
        if reader.hasWitness {
            for index in inputs.indices {
                let place = try reader.readWitness()
                inputs[index].witness = try Self.witnessItems(Array(bytes[place]))
            }
        }
        version = reader.version
        lockTime = try reader.finish()
        self.inputs = inputs
        self.outputs = outputs
    }

    /// The items of a serialized witness, which must be nothing else.
    package static func witnessItems(_ bytes: [UInt8]) throws(BitcoinError) -> [[UInt8]] {
        do throws(ByteError) {
            var reader = ByteReader(bytes.span)
            var items: [[UInt8]] = []
            for _ in 0..<(try reader.readCount(itemByteCountMin: 1)) {
                items.append(Array(bytes[try reader.readRange()]))
            }
            try reader.finish()
            return items
        } catch {
            throw .bytes(error)
        }
    }

    package var hasWitness: Bool { inputs.contains { !$0.witness.isEmpty } }

    /// The serialization: with marker, flag and witness when there is a witness and it is wanted.
    package func serialized(witness: Bool = true) -> [UInt8] {
        let witness = witness && hasWitness
        var bytes: [UInt8] = []
        bytes.append(number: version)
        if witness { bytes += [0, 1] }
        bytes.append(compactSize: UInt64(inputs.count))
        for input in inputs {
            bytes.append(fixed: input.previous.txid.bytes)
            bytes.append(number: input.previous.vout)
            bytes.append(vector: input.script)
            bytes.append(number: input.sequence)
        }
        bytes.append(compactSize: UInt64(outputs.count))
        for output in outputs {
            bytes.append(number: output.amount.satoshis)
            bytes.append(vector: output.script)
        }
        if witness {
            for input in inputs {
                bytes += Self.serializedWitness(input.witness)
            }
        }
        bytes.append(number: lockTime)
        return bytes
    }

    /// A witness as it stands in a transaction: the count of items, then each with its length.
    package static func serializedWitness(_ items: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(compactSize: UInt64(items.count))
        for item in items {
            bytes.append(vector: item)
        }
        return bytes
    }

    /// The id, which no witness changes.
    package var id: TransactionID {
        TransactionID(SHA256.doubleHash(serialized(witness: false).span))
    }
}
