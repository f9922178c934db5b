package import Bitcoin
private import BitcoinCrypto

/// A transaction whose outputs are spent, read once: its id, its outputs, and its bytes without the
/// witness, as the signer wants them.
package struct ParentTransaction: Equatable, Sendable {
    package let id: TransactionID
    package let outputs: [Coin]
    /// Without marker, flag and witness.
    package let legacyBytes: [UInt8]

    package init(_ bytes: [UInt8]) throws(BitcoinError) {
        var reader = try TransactionReader(bytes.span, form: .network)
        for _ in 0..<reader.inputCount {
            _ = try reader.readInput()
        }
        let outputCount = try reader.readOutputCount()
        guard outputCount > 0 else { throw .noOutput }
        var outputs: [Coin] = []
        outputs.reserveCapacity(outputCount)
        for _ in 0..<outputCount {
            let output = try reader.readOutput()
            outputs.append(Coin(amount: output.amount, script: Array(bytes[output.script])))
        }
        let body = reader.bodyStart..<reader.position
        if reader.hasWitness {
            for _ in 0..<reader.inputCount {
                _ = try reader.readWitness()
            }
        }
        let hasWitness = reader.hasWitness
        _ = try reader.finish()
        self.outputs = outputs
        let legacy =
            hasWitness ? Array(bytes[..<4] + bytes[body] + bytes[(bytes.count - 4)...]) : bytes
        legacyBytes = legacy
        id = TransactionID(SHA256.doubleHash(legacy.span))
    }
}
