private import BitcoinCrypto
package import Bytes

/// The outpoint, amount and sequence of one input, as a signature commits to them.
package struct SpentInput: Equatable, Sendable {
    /// In internal byte order.
    package let txid: Bytes32
    package let vout: UInt32
    package let sequence: UInt32
    /// What the spent output holds, in satoshi.
    package let amount: UInt64

    package init(txid: Bytes32, vout: UInt32, sequence: UInt32, amount: UInt64) {
        self.txid = txid
        self.vout = vout
        self.sequence = sequence
        self.amount = amount
    }
}

/// The hashes over all inputs and all outputs that every signature of a transaction shares, made
/// once so that signing is linear in the number of inputs (BIP-143, BIP-341).
///
/// The names are those of BIP-341; the hashes of BIP-143 are these, hashed once more.
package struct SighashMidstates: Equatable, Sendable {
    package let version: UInt32
    package let lockTime: UInt32
    package let inputCount: Int
    package let outputCount: Int
    package let prevouts: Bytes32
    package let amounts: Bytes32
    package let scripts: Bytes32
    package let sequences: Bytes32
    package let outputs: Bytes32
    package let doublePrevouts: Bytes32
    package let doubleSequences: Bytes32
    package let doubleOutputs: Bytes32

    fileprivate init(_ hasher: inout TransactionHasher) {
        version = hasher.version
        lockTime = hasher.lockTime
        inputCount = hasher.inputCount
        outputCount = hasher.outputCount
        prevouts = hasher.prevouts.finalize()
        amounts = hasher.amounts.finalize()
        scripts = hasher.scripts.finalize()
        sequences = hasher.sequences.finalize()
        outputs = hasher.outputs.finalize()
        doublePrevouts = SHA256.hash(prevouts.span)
        doubleSequences = SHA256.hash(sequences.span)
        doubleOutputs = SHA256.hash(outputs.span)
    }
}

/// What one pass over an unsigned transaction gives.
package struct HashedTransaction: Equatable, Sendable {
    /// In internal byte order. A segwit signature does not change it.
    package let txid: Bytes32
    package let midstates: SighashMidstates
}

/// Hashes an unsigned transaction that is fed input by input, then output by output: its txid and
/// the midstates of both signature versions in one pass, with no memory of its own.
package struct TransactionHasher: Sendable {
    fileprivate let version: UInt32
    fileprivate let lockTime: UInt32
    fileprivate let inputCount: Int
    fileprivate let outputCount: Int
    fileprivate var prevouts = SHA256()
    fileprivate var amounts = SHA256()
    fileprivate var scripts = SHA256()
    fileprivate var sequences = SHA256()
    fileprivate var outputs = SHA256()
    private var whole = SHA256()
    private var inputsDone = 0
    private var outputsDone = 0

    /// Begins a transaction of so many inputs and outputs, at least one of each.
    package init(version: UInt32, lockTime: UInt32, inputCount: Int, outputCount: Int) {
        precondition(inputCount > 0 && outputCount > 0, "a transaction has inputs and outputs")
        self.version = version
        self.lockTime = lockTime
        self.inputCount = inputCount
        self.outputCount = outputCount
        whole.update(version)
        whole.updateCompactSize(UInt64(inputCount))
    }

    /// Feeds the next input with the scriptPubKey that it spends.
    package mutating func addInput(_ input: SpentInput, script: Span<UInt8>) {
        precondition(inputsDone < inputCount, "more inputs than announced")
        inputsDone += 1
        let outpoint = input.outpoint
        prevouts.update(outpoint.span)
        amounts.update(input.amount)
        scripts.updateVector(script)
        sequences.update(input.sequence)
        whole.update(outpoint.span)
        whole.updateCompactSize(0)
        whole.update(input.sequence)
        if inputsDone == inputCount {
            whole.updateCompactSize(UInt64(outputCount))
        }
    }

    /// Feeds the next output, after the last input.
    package mutating func addOutput(amount: UInt64, script: Span<UInt8>) {
        precondition(inputsDone == inputCount, "inputs come before outputs")
        precondition(outputsDone < outputCount, "more outputs than announced")
        outputsDone += 1
        outputs.update(amount)
        outputs.updateVector(script)
        whole.update(amount)
        whole.updateVector(script)
    }

    /// Ends the pass, after the last output. The hasher is used up.
    package mutating func finish() -> HashedTransaction {
        precondition(outputsDone == outputCount, "outputs not fed")
        whole.update(lockTime)
        let once = whole.finalize()
        return HashedTransaction(txid: SHA256.hash(once.span), midstates: SighashMidstates(&self))
    }
}

extension SpentInput {
    /// The 36 bytes that name the spent output.
    package var outpoint: FixedBytes<36> {
        var bytes = FixedBytes<36>.zero
        var room = bytes.mutableSpan
        room.store(txid.span, at: 0)
        room.store(UInt64(vout), at: 32, byteCount: 4)
        return bytes
    }
}
