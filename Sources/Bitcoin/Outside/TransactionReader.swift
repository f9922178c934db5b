package import Bytes

/// How the bytes of a transaction are to be understood.
package enum TransactionForm: Sendable {
    /// Without marker, flag and witness, as in a PSBT; it may have no inputs or outputs.
    case legacy
    /// As on the network: with a witness when the marker says so (BIP-144); at least one input.
    case network
}

/// One input, with its script as a place in the transaction's bytes.
package struct TransactionInput: Equatable, Sendable {
    /// In internal byte order.
    package let txid: Bytes32
    package let vout: UInt32
    package let script: Range<Int>
    package let sequence: UInt32
}

/// One output, with its script as a place in the transaction's bytes.
package struct TransactionOutput: Equatable, Sendable {
    package let amount: Amount
    package let script: Range<Int>
}

/// Reads a whole transaction front to back, without copying and without memory of its own.
///
/// Call `readInput` exactly `inputCount` times, then `readOutputCount`, then `readOutput` that many
/// times, then (if `hasWitness`) `readWitness` once for each input, and `finish` at last.
package struct TransactionReader: ~Escapable {
    private var reader: ByteReader
    package let version: UInt32
    package let hasWitness: Bool
    package let inputCount: Int
    /// Where the count of inputs stands: the first byte of the body.
    package let bodyStart: Int

    private var inputsLeft: Int
    private var outputsLeft = 0
    private var witnessesLeft: Int
    private var sawWitness = false

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>, form: TransactionForm) throws(BitcoinError) {
        var reader = ByteReader(bytes)
        let head: TransactionHead
        do throws(ByteError) {
            head = try reader.readHead(form: form)
        } catch {
            throw .bytes(error)
        }
        guard head.flag == nil || head.flag == 1 else { throw .witnessForm }
        guard form == .legacy || head.inputCount > 0 else { throw .witnessOrNoInput }
        self.reader = reader
        version = head.version
        hasWitness = head.flag != nil
        inputCount = head.inputCount
        bodyStart = head.bodyStart
        inputsLeft = head.inputCount
        witnessesLeft = head.flag == nil ? 0 : head.inputCount
    }

    /// Where the next read begins; after the last output, the end of the body.
    package var position: Int { reader.position }

    /// The next input.
    package mutating func readInput() throws(BitcoinError) -> TransactionInput {
        precondition(inputsLeft > 0, "more inputs read than there are")
        inputsLeft -= 1
        do throws(ByteError) {
            return TransactionInput(
                txid: try reader.readBytes32(),
                vout: try reader.readUInt32(),
                script: try reader.readRange(),
                sequence: try reader.readUInt32()
            )
        } catch {
            throw .bytes(error)
        }
    }

    /// The number of outputs, after the last input.
    package mutating func readOutputCount() throws(BitcoinError) -> Int {
        precondition(inputsLeft == 0, "inputs not read")
        do throws(ByteError) {
            outputsLeft = try reader.readCount(itemByteCountMin: TransactionSize.outputByteCountMin)
        } catch {
            throw .bytes(error)
        }
        return outputsLeft
    }

    /// The next output.
    package mutating func readOutput() throws(BitcoinError) -> TransactionOutput {
        precondition(outputsLeft > 0, "more outputs read than there are")
        outputsLeft -= 1
        let satoshis: UInt64
        let script: Range<Int>
        do throws(ByteError) {
            satoshis = try reader.readUInt64()
            script = try reader.readRange()
        } catch {
            throw .bytes(error)
        }
        return TransactionOutput(amount: try Amount(satoshis: satoshis), script: script)
    }

    /// The witness of the next input, its count of items included, as a place in the bytes.
    package mutating func readWitness() throws(BitcoinError) -> Range<Int> {
        precondition(outputsLeft == 0 && witnessesLeft > 0, "no witness here")
        witnessesLeft -= 1
        let start = reader.position
        do throws(ByteError) {
            let items = try reader.readCount(itemByteCountMin: 1)
            for _ in 0..<items {
                _ = try reader.readRange()
            }
            sawWitness = sawWitness || items > 0
        } catch {
            throw .bytes(error)
        }
        return start..<reader.position
    }

    /// Ends the reading and gives the lock time. Bytes left over are refused, and so is a witness
    /// that is empty for every input: such a transaction has another, shorter form.
    package mutating func finish() throws(BitcoinError) -> UInt32 {
        precondition(inputsLeft == 0 && outputsLeft == 0 && witnessesLeft == 0, "parts not read")
        guard !hasWitness || sawWitness else { throw .witnessForm }
        do throws(ByteError) {
            let lockTime = try reader.readUInt32()
            try reader.finish()
            return lockTime
        } catch {
            throw .bytes(error)
        }
    }
}

/// What stands before the first input.
private struct TransactionHead {
    let version: UInt32
    /// The byte after the marker, if the marker is there.
    let flag: UInt8?
    let inputCount: Int
    let bodyStart: Int
}

extension ByteReader {
    fileprivate mutating func readHead(form: TransactionForm) throws(ByteError) -> TransactionHead {
        let version = try readUInt32()
        let bodyStart = position
        let count = try readCount(itemByteCountMin: TransactionSize.inputByteCountMin)
        guard form == .network, count == 0 else {
            return TransactionHead(
                version: version,
                flag: nil,
                inputCount: count,
                bodyStart: bodyStart
            )
        }
        return TransactionHead(
            version: version,
            flag: try readUInt8(),
            inputCount: try readCount(itemByteCountMin: TransactionSize.inputByteCountMin),
            bodyStart: bodyStart + 2
        )
    }
}
