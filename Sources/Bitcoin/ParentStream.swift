private import BitcoinCrypto
package import Bytes

/// Reads a parent transaction that arrives in pieces, in constant memory: hashes every byte as it
/// passes, hands out the outputs one by one, and gives the txid at the end.
///
/// A parent is sent in its legacy serialization (docs/protocol.md, section 3). Nothing handed out
/// may be believed before `finished` came and its txid is the one that was asked for. After an
/// error the stream is of no further use.
package struct ParentStream: Sendable {
    /// The most bytes of one parent: what a block of legacy transactions could hold.
    package static let byteCountMax = 4 * 1024 * 1024

    /// The least: one input with an empty script and one output with an empty script.
    package static let byteCountMin = 60

    /// Scripts up to this length are kept for `keptScript`. Every script of ours is shorter.
    package static let keptScriptByteCountMax = 64

    /// What a call to `next` came upon.
    package enum Event: Equatable, Sendable {
        /// The piece is used up; go on with the next one.
        case needsMore
        /// An output is complete; its script is in `keptScript`, if it is short enough.
        case output(ParentOutput)
        /// The transaction is complete.
        case finished(ParentSummary)
    }

    /// One output of a parent.
    package struct ParentOutput: Equatable, Sendable {
        package let vout: UInt32
        package let amount: Amount
        package let scriptByteCount: Int
    }

    /// What is known at the end of a parent.
    package struct ParentSummary: Equatable, Sendable {
        package let txid: Bytes32
        package let outputCount: Int
        /// Whether it makes new coins, which cannot be spent before they are 100 blocks old.
        package let isCoinbase: Bool
    }

    /// The bytes of the parent that have not passed yet.
    package private(set) var bytesLeft: Int

    private var stage = Stage.version
    private var hasher = SHA256()
    private var number = PartialNumber()
    private var skipLeft = 0
    private var inputCount = 0
    private var inputsLeft = 0
    private var outputCount = 0
    private var outputsDone = 0
    private var outpointBits: UInt8 = 0
    private var amount = Amount.zero
    private var total = Amount.zero
    private var scriptByteCount = 0
    private var script = FixedBytes<64>.zero

    fileprivate enum Stage {
        case version, inputCount, outpoint, inputScriptLength, inputScript, sequence
        case outputCount, amount, outputScriptLength, outputScript, lockTime, finished
    }

    /// Begins a parent of exactly `byteCount` bytes.
    package init(byteCount: Int) throws(BitcoinError) {
        guard byteCount <= Self.byteCountMax else {
            throw .transactionTooLong(count: byteCount, limit: Self.byteCountMax)
        }
        guard byteCount >= Self.byteCountMin else {
            throw .bytes(.truncated(needed: Self.byteCountMin, left: byteCount))
        }
        bytesLeft = byteCount
    }

    /// The script of the output just handed out, valid until the next call of `next`; empty when it
    /// is longer than `keptScriptByteCountMax`.
    package var keptScript: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            let kept = scriptByteCount <= Self.keptScriptByteCountMax ? scriptByteCount : 0
            return script.span.extracting(0..<kept)
        }
    }

    /// Reads on in `piece` from `offset`, up to the next event, and moves `offset` past what was
    /// read: never past the end of the parent, even if the piece goes on.
    package mutating func next(
        _ piece: Span<UInt8>,
        from offset: inout Int
    ) throws(BitcoinError) -> Event {
        precondition(stage != .finished, "the parent has ended")
        let start = offset
        let own = piece.extracting(0..<min(piece.count, start + bytesLeft))
        let step = try run(own, from: &offset)
        hasher.update(piece.extracting(start..<offset))
        switch step {
        case .starved: return .needsMore
        case .output:
            return .output(
                ParentOutput(
                    vout: UInt32(outputsDone - 1),
                    amount: amount,
                    scriptByteCount: scriptByteCount
                )
            )
        case .moved, .finished: return .finished(summary())
        }
    }

    private mutating func summary() -> ParentSummary {
        let first = hasher.finalize()
        return ParentSummary(
            txid: SHA256.hash(first.span),
            outputCount: outputCount,
            isCoinbase: inputCount == 1 && outpointBits == 0
        )
    }
}

/// How far one stage came.
private enum Step {
    case moved, starved, output, finished
}

extension ParentStream {
    /// Goes from stage to stage until something is to be told.
    private mutating func run(
        _ piece: Span<UInt8>,
        from offset: inout Int
    ) throws(BitcoinError) -> Step {
        while true {
            let step = try advance(piece, from: &offset)
            switch step {
            case .moved: continue
            case .starved:
                guard bytesLeft > 0 else { throw .bytes(.truncated(needed: 1, left: 0)) }
                return step
            case .output, .finished: return step
            }
        }
    }

    private mutating func advance(
        _ piece: Span<UInt8>,
        from offset: inout Int
    ) throws(BitcoinError) -> Step {
        switch stage {
        case .version:
            guard takeNumber(width: 4, piece, &offset) != nil else { return .starved }
            stage = .inputCount
        case .inputCount:
            guard let count = try takeCount(piece, &offset) else { return .starved }
            guard count > 0 else { throw .witnessOrNoInput }
            inputCount = try checked(count, itemByteCountMin: TransactionSize.inputByteCountMin)
            inputsLeft = inputCount
            enter(.outpoint, skipping: 36)
        case .outpoint:
            noteOutpoint(piece, at: offset)
            guard skip(piece, &offset) else { return .starved }
            stage = .inputScriptLength
        case .inputScriptLength:
            guard let count = try takeCount(piece, &offset) else { return .starved }
            enter(.inputScript, skipping: try checked(count, itemByteCountMin: 1))
        case .inputScript:
            guard skip(piece, &offset) else { return .starved }
            stage = .sequence
        case .sequence:
            guard takeNumber(width: 4, piece, &offset) != nil else { return .starved }
            inputsLeft -= 1
            inputsLeft > 0 ? enter(.outpoint, skipping: 36) : enter(.outputCount, skipping: 0)
        case .outputCount, .amount, .outputScriptLength, .outputScript, .lockTime, .finished:
            return try advanceOutputs(piece, from: &offset)
        }
        return .moved
    }

    private mutating func advanceOutputs(
        _ piece: Span<UInt8>,
        from offset: inout Int
    ) throws(BitcoinError) -> Step {
        switch stage {
        case .outputCount:
            guard let count = try takeCount(piece, &offset) else { return .starved }
            guard count > 0 else { throw .noOutput }
            outputCount = try checked(count, itemByteCountMin: TransactionSize.outputByteCountMin)
            stage = .amount
        case .amount:
            guard let satoshis = takeNumber(width: 8, piece, &offset) else { return .starved }
            amount = try Amount(satoshis: satoshis)
            total = try total.adding(amount)
            stage = .outputScriptLength
        case .outputScriptLength:
            guard let count = try takeCount(piece, &offset) else { return .starved }
            scriptByteCount = try checked(count, itemByteCountMin: 1)
            enter(.outputScript, skipping: scriptByteCount)
        case .outputScript:
            keepScript(piece, at: offset)
            guard skip(piece, &offset) else { return .starved }
            outputsDone += 1
            stage = outputsDone < outputCount ? .amount : .lockTime
            return .output
        case .lockTime:
            guard takeNumber(width: 4, piece, &offset) != nil else { return .starved }
            guard bytesLeft == 0 else { throw .bytes(.trailing(count: bytesLeft)) }
            stage = .finished
            return .finished
        case .version, .inputCount, .outpoint, .inputScriptLength, .inputScript, .sequence,
            .finished:
            preconditionFailure("not a stage of the outputs")
        }
        return .moved
    }

    private mutating func enter(_ next: Stage, skipping count: Int) {
        stage = next
        skipLeft = count
    }

    /// A count that what is left of the parent can still hold.
    private func checked(_ count: UInt64, itemByteCountMin: Int) throws(BitcoinError) -> Int {
        guard count <= UInt64(bytesLeft / itemByteCountMin) else {
            throw .bytes(.truncated(needed: Int(clamping: count), left: bytesLeft))
        }
        return Int(count)
    }

    /// A number of `width` bytes, once all of them are there.
    private mutating func takeNumber(
        width: Int,
        _ piece: Span<UInt8>,
        _ offset: inout Int
    ) -> UInt64? {
        while number.have < width {
            guard offset < piece.count else { return nil }
            number.value |= UInt64(piece[offset]) << UInt64(8 * number.have)
            number.have += 1
            offset += 1
            bytesLeft -= 1
        }
        defer { number = PartialNumber() }
        return number.value
    }

    /// A CompactSize in its shortest form, once all its bytes are there.
    private mutating func takeCount(
        _ piece: Span<UInt8>,
        _ offset: inout Int
    ) throws(BitcoinError) -> UInt64? {
        if number.width == 0 {
            guard let first = takeNumber(width: 1, piece, &offset) else { return nil }
            let width = CompactSize.width(first: UInt8(first))
            guard width > 1 else { return first }
            number.width = width - 1
        }
        let width = number.width
        guard let value = takeNumber(width: width, piece, &offset) else { return nil }
        guard CompactSize.width(of: value) == width + 1 else { throw .bytes(.nonCanonical) }
        return value
    }

    /// Passes over bytes; true when all that were to be skipped have passed.
    private mutating func skip(_ piece: Span<UInt8>, _ offset: inout Int) -> Bool {
        let count = min(skipLeft, piece.count - offset)
        skipLeft -= count
        bytesLeft -= count
        offset += count
        return skipLeft == 0
    }

    /// Remembers whether any outpoint names a transaction: only the input of a coinbase names none.
    private mutating func noteOutpoint(_ piece: Span<UInt8>, at offset: Int) {
        let txidLeft = max(0, skipLeft - 4)
        for index in 0..<min(txidLeft, piece.count - offset) {
            outpointBits |= piece[offset + index]
        }
    }

    private mutating func keepScript(_ piece: Span<UInt8>, at offset: Int) {
        guard scriptByteCount <= Self.keptScriptByteCountMax else { return }
        let done = scriptByteCount - skipLeft
        for index in 0..<min(skipLeft, piece.count - offset) {
            script[done + index] = piece[offset + index]
        }
    }
}

/// A number of which some bytes are still to come.
private struct PartialNumber {
    var value: UInt64 = 0
    var have = 0
    /// For a CompactSize: the bytes after the first, once that one is known.
    var width = 0
}
