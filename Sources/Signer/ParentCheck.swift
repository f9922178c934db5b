import Bitcoin
import Bytes
import SecretMemory
import Wire

/// Holds the parents of one request against what it claims of them, as they stream by.
///
/// A parent's txid is known only at its end, so what its outputs say is kept aside for every output
/// number that any input spends, and believed once the txid is one that was asked for. Work and
/// memory are linear in what is sent.
struct ParentCheck: ~Copyable {
    /// No parent that fits its limit has an output of this number: an output is 9 bytes at least.
    private static let voutLimit = 1 << 19

    /// `u16` for an output number: 0, or 1 and the place in `kept`.
    private var wanted: Arena
    /// What the current parent's outputs say, one record for a wanted output number.
    private var kept: Arena
    private var keptCount = 0
    /// One byte for an input: 1 once its parent was there.
    private var found: Arena
    private(set) var foundCount = 0
    /// The number of the current parent, from 1: what `kept` holds of others is stale.
    private var parent: UInt64 = 0

    init() throws(SecretMemoryError) {
        let wanted = try Arena(byteCount: 2 * Self.voutLimit)
        let kept = try Arena(byteCount: ResolvedRequest.inputCountMax * KeptOutput.byteCount)
        let found = try Arena(byteCount: ResolvedRequest.inputCountMax)
        self.wanted = wanted
        self.kept = kept
        self.found = found
    }

    /// Begins a request; what was kept of the one before is forgotten.
    mutating func load(_ request: borrowing ResolvedRequest) throws(RefusalDetail) {
        for place in 0..<keptCount {
            let vout = Int(kept.number(at: place * KeptOutput.byteCount, byteCount: 4))
            wanted.store(0, at: 2 * vout, byteCount: 2)
        }
        keptCount = 0
        foundCount = 0
        parent = 0
        for place in 0..<request.inputCount {
            found.store(0, at: place, byteCount: 1)
            let vout = Int(request.input(at: place).vout)
            guard vout < Self.voutLimit else {
                throw RefusalDetail(
                    .outpointOutOfRange,
                    index: place,
                    expected: Self.voutLimit - 1,
                    found: vout
                )
            }
            if wanted.number(at: 2 * vout, byteCount: 2) != 0 { continue }
            kept.store(UInt64(vout), at: keptCount * KeptOutput.byteCount, byteCount: 4)
            kept.store(0, at: keptCount * KeptOutput.byteCount + 4, byteCount: 4)
            keptCount += 1
            wanted.store(UInt64(keptCount), at: 2 * vout, byteCount: 2)
        }
    }

    mutating func beginParent() {
        parent += 1
    }

    /// Keeps what an output of the current parent says, if any input spends one of its number.
    mutating func note(_ output: ParentStream.ParentOutput, script: Span<UInt8>) {
        guard let place = keptPlace(of: output.vout) else { return }
        let start = place * KeptOutput.byteCount
        kept.store(parent, at: start + 4, byteCount: 4)
        kept.store(output.amount.satoshis, at: start + 8, byteCount: 8)
        kept.store(UInt64(min(output.scriptByteCount, 0xFFFF)), at: start + 16, byteCount: 2)
        guard output.scriptByteCount <= TemplateScript.byteCountMax else { return }
        kept.store(script, at: start + KeptOutput.scriptStart)
    }

    /// Ends the current parent: every input that spends it must say of it what it says itself.
    mutating func endParent(
        _ summary: ParentStream.ParentSummary,
        _ request: borrowing ResolvedRequest,
        _ order: borrowing OutpointOrder,
        _ scripts: borrowing InputScripts
    ) throws(RefusalDetail) {
        let number = Int(parent) - 1
        let ranks = order.ranks(of: summary.txid, request)
        guard !ranks.isEmpty else { throw RefusalDetail(.unusedParent, index: number) }
        guard found.bytes[order.place(ranks.lowerBound)] == 0 else {
            throw RefusalDetail(.duplicateParent, index: number)
        }
        for rank in ranks {
            let place = order.place(rank)
            guard !summary.isCoinbase else { throw RefusalDetail(.coinbaseInput, index: place) }
            try check(request.input(at: place), place, outputCount: summary.outputCount, scripts)
            found.store(1, at: place, byteCount: 1)
            foundCount += 1
        }
    }

    /// The first input whose parent was not there; nothing if all were.
    func firstMissing(_ request: borrowing ResolvedRequest) -> Int? {
        for place in 0..<request.inputCount where found.bytes[place] == 0 {
            return place
        }
        return nil
    }

    private func check(
        _ input: RequestInput,
        _ place: Int,
        outputCount: Int,
        _ scripts: borrowing InputScripts
    ) throws(RefusalDetail) {
        guard let kept = keptOutput(of: input.vout) else {
            throw RefusalDetail(
                .outpointOutOfRange,
                index: place,
                expected: outputCount - 1,
                found: input.vout
            )
        }
        guard kept.amount == input.amount else {
            throw RefusalDetail(
                .amountMismatch,
                index: place,
                expected: kept.amount,
                found: input.amount
            )
        }
        let script = scripts.script(at: place)
        // A script of another form cannot be this wallet's at all; of the same form, it is somebody
        // else's.
        guard kept.scriptByteCount == script.count else {
            throw RefusalDetail(
                .scriptMismatch,
                index: place,
                expected: script.count,
                found: kept.scriptByteCount
            )
        }
        guard kept.script.equals(script) else { throw RefusalDetail(.foreignInput, index: place) }
    }

    private func keptPlace(of vout: UInt32) -> Int? {
        guard vout < UInt32(Self.voutLimit) else { return nil }
        let place = Int(wanted.number(at: 2 * Int(vout), byteCount: 2))
        return place == 0 ? nil : place - 1
    }

    @_lifetime(borrow self)
    private func keptOutput(of vout: UInt32) -> KeptOutput? {
        guard let place = keptPlace(of: vout) else { return nil }
        let start = place * KeptOutput.byteCount
        let record = kept.bytes.extracting(start..<start + KeptOutput.byteCount)
        guard record.number(at: 4, byteCount: 4) == parent else { return nil }
        return KeptOutput(record)
    }
}

/// What a parent says of one of its outputs: `u32 vout | u32 parent | u64 amount | u16
/// scriptByteCount | script[34]`.
private struct KeptOutput: ~Escapable {
    static let byteCount = 56
    static let scriptStart = 18

    let amount: UInt64
    let scriptByteCount: Int
    /// Empty when it is longer than any script of ours.
    let script: Span<UInt8>

    @_lifetime(copy record)
    init(_ record: Span<UInt8>) {
        amount = record.number(at: 8, byteCount: 8)
        scriptByteCount = Int(record.number(at: 16, byteCount: 2))
        let end = scriptByteCount <= TemplateScript.byteCountMax ? scriptByteCount : 0
        script = record.extracting(Self.scriptStart..<Self.scriptStart + end)
    }
}
