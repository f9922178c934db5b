import Bitcoin
import Bytes

/// Property: a parent that arrives in pieces gives the same outputs, txid and errors as one that
/// arrives whole, and the same as the reader that sees all of it at once.
///
/// The first eight bytes say where it is cut: the pieces are as long as they say, in turn.
@c(LLVMFuzzerTestOneInput)
func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start = unsafe start, count >= 8 else { return 0 }
    // SAFETY: libFuzzer owns `count` readable bytes at `start` for the length of this call.
    let bytes = unsafe Span(_unsafeStart: start, count: count)
    let parent = bytes.extracting(8...)
    let whole = stream(parent) { _ in parent.count }
    // A piece of no bytes may come as well, but not for ever.
    var cuts: [Int] = []
    for place in 0..<8 { cuts.append(Int(bytes[place])) }
    if cuts.allSatisfy({ $0 == 0 }) { cuts[0] = 1 }
    let inPieces = stream(parent) { cuts[$0 % 8] }
    precondition(whole == inPieces, "pieces and whole differ")
    if whole.error == nil { compare(whole, parent) }
    return 0
}

/// What a stream told of a parent.
private struct Told: Equatable {
    var outputs: [ParentStream.ParentOutput] = []
    var scripts: [[UInt8]] = []
    var summary: ParentStream.ParentSummary?
    var error: BitcoinError?
}

private func stream(_ parent: Span<UInt8>, pieceCount: (Int) -> Int) -> Told {
    var told = Told()
    do throws(BitcoinError) {
        var stream = try ParentStream(byteCount: parent.count)
        var start = 0
        var turn = 0
        while told.summary == nil {
            let end = min(start + pieceCount(turn), parent.count)
            let piece = parent.extracting(start..<end)
            try feed(piece, to: &stream, &told)
            start = end
            turn += 1
        }
    } catch {
        told.error = error
    }
    return told
}

private func feed(
    _ piece: Span<UInt8>,
    to stream: inout ParentStream,
    _ told: inout Told
) throws(BitcoinError) {
    var offset = 0
    while true {
        switch try stream.next(piece, from: &offset) {
        case .needsMore:
            precondition(offset == piece.count, "asks for more with bytes left")
            return
        case .output(let output):
            var script: [UInt8] = []
            for index in stream.keptScript.indices { script.append(stream.keptScript[index]) }
            told.outputs.append(output)
            told.scripts.append(script)
        case .finished(let summary):
            precondition(stream.bytesLeft == 0, "finished before the end")
            told.summary = summary
            return
        }
    }
}

/// Traps unless the other reader takes the same transaction, output for output.
private func compare(_ told: Told, _ parent: Span<UInt8>) {
    do {
        var reader = try TransactionReader(parent, form: .legacy)
        for _ in 0..<reader.inputCount { _ = try reader.readInput() }
        let count = try reader.readOutputCount()
        precondition(count == told.outputs.count, "another number of outputs")
        for place in 0..<count {
            let output = try reader.readOutput()
            let stream = told.outputs[place]
            precondition(Int(stream.vout) == place && stream.amount == output.amount)
            precondition(stream.scriptByteCount == output.script.count)
            guard output.script.count <= ParentStream.keptScriptByteCountMax else { continue }
            let kept = told.scripts[place]
            precondition(kept.span.equals(parent.extracting(output.script)), "another script")
        }
        _ = try reader.finish()
    } catch {
        preconditionFailure("the other reader refuses it")
    }
}
