import Bitcoin
import Bytes

/// Property: no bytes trap the reader of parents, and what it takes, the other reader takes too,
/// with the same outputs; what it refuses for its form, the other refuses as well.
@c(LLVMFuzzerTestOneInput)
func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start = unsafe start else { return 0 }
    // SAFETY: libFuzzer owns `count` readable bytes at `start` for the length of this call.
    let bytes = unsafe Span(_unsafeStart: start, count: count)
    let taken = take(bytes)
    let other = takeByOther(bytes)
    guard count >= LegacyParent.byteCountMin else {
        precondition(taken == nil, "shorter than any parent")
        return 0
    }
    precondition(taken == other, "two readers differ")
    return 0
}

/// An output, with its script copied.
private struct Output: Equatable {
    let amount: UInt64
    let script: [UInt8]

    init(_ amount: UInt64, _ script: Span<UInt8>) {
        self.amount = amount
        var copy: [UInt8] = []
        for index in script.indices { copy.append(script[index]) }
        self.script = copy
    }
}

private func take(_ bytes: Span<UInt8>) -> [Output]? {
    do throws(BitcoinError) {
        let parent = try LegacyParent(checking: bytes)
        var outputs: [Output] = []
        var walk = parent.outputs
        while let output = walk.next() { outputs.append(Output(output.amount, output.script)) }
        precondition(outputs.count == parent.outputCount, "another number of outputs")
        return outputs
    } catch {
        return nil
    }
}

private func takeByOther(_ bytes: Span<UInt8>) -> [Output]? {
    do throws(BitcoinError) {
        var reader = try TransactionReader(bytes, form: .legacy)
        guard reader.inputCount > 0 else { return nil }
        for _ in 0..<reader.inputCount { _ = try reader.readInput() }
        let count = try reader.readOutputCount()
        guard count > 0 else { return nil }
        var outputs: [Output] = []
        var total = Amount.zero
        for _ in 0..<count {
            let output = try reader.readOutput()
            total = try total.adding(output.amount)
            outputs.append(Output(output.amount.satoshis, bytes.extracting(output.script)))
        }
        _ = try reader.finish()
        return outputs
    } catch {
        return nil
    }
}
