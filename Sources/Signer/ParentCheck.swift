import Bitcoin
import Bytes
import SecretMemory
import Wire

/// Holds the parents of one request against what it claims of them, one parent after the other in
/// the same memory. Work is linear in what is sent.
struct ParentCheck: ~Copyable {
    /// No parent that fits its limit has an output of this number: an output is 9 bytes at least.
    private static let voutLimit = 1 << 19

    /// One byte for an input: 1 once its parent was there.
    private var found: Arena
    private(set) var foundCount = 0

    init() throws(SignerStop) {
        found = try Arena(needing: ResolvedRequest.inputCountMax)
    }

    /// Begins a request.
    mutating func load(_ request: borrowing ResolvedRequest) throws(RefusalDetail) {
        foundCount = 0
        for place in 0..<request.inputCount {
            found.store(0, at: place, byteCount: 1)
            let vout = request.input(at: place).vout
            try require(vout, atMost: Self.voutLimit - 1, else: .outpointOutOfRange, at: place)
        }
    }

    /// Checks the parent at the front of `memory`: every input that spends it must say of it what
    /// it says itself.
    mutating func check(
        _ number: Int,
        _ memory: borrowing Arena,
        byteCount: Int,
        _ request: borrowing ResolvedRequest,
        _ order: borrowing OutpointOrder,
        _ scripts: borrowing InputScripts
    ) throws(RefusalDetail) {
        let parent: LegacyParent
        do throws(BitcoinError) {
            parent = try LegacyParent(checking: memory.bytes.extracting(0..<byteCount))
        } catch {
            throw RefusalDetail(.malformedParent, index: number)
        }
        let ranks = order.ranks(of: parent.txid, request)
        try require(!ranks.isEmpty, else: .unusedParent, at: number)
        let first = order.place(ranks.lowerBound)
        try require(found.bytes[first] == 0, else: .duplicateParent, at: number)
        try require(!parent.isCoinbase, else: .coinbaseInput, at: first)
        var outputs = parent.outputs
        var passed: UInt32 = 0
        // Inputs that spend one parent are in the order of its outputs.
        for rank in ranks {
            let place = order.place(rank)
            let input = request.input(at: place)
            try require(
                input.vout,
                atMost: parent.outputCount - 1,
                else: .outpointOutOfRange,
                at: place
            )
            while passed < input.vout {
                _ = outputs.next()
                passed += 1
            }
            guard let output = outputs.next() else { preconditionFailure("a number in range") }
            passed += 1
            try Self.check(input, place, output, scripts.script(at: place))
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

    private static func check(
        _ input: RequestInput,
        _ place: Int,
        _ output: ParentOutput,
        _ script: Span<UInt8>
    ) throws(RefusalDetail) {
        try require(input.amount, equals: output.amount, else: .amountMismatch, at: place)
        // A script of another form cannot be this wallet's at all; of the same form, it is somebody
        // else's.
        try require(output.script.count, equals: script.count, else: .scriptMismatch, at: place)
        try require(output.script.equals(script), else: .foreignInput, at: place)
    }
}
