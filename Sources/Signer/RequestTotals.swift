import Bitcoin
import Bytes
import Wire

/// What a request adds up to, taken from its claims in one pass.
struct RequestTotals {
    /// A transaction with more outputs of ours than this shreds the wallet; it is no payment (R20).
    static let ownOutputCountMax = 10

    private(set) var inputTotal: UInt64 = 0
    private(set) var outputTotal: UInt64 = 0
    private(set) var ownOutputTotal: UInt64 = 0
    private(set) var ownOutputCount = 0

    /// The largest possible sums are checked at every step, so none can wrap.
    init(_ request: borrowing ResolvedRequest) throws(RefusalDetail) {
        for place in 0..<request.inputCount {
            inputTotal = try Self.sum(inputTotal, request.input(at: place).amount, place)
        }
        var outputs = request.outputs
        var place = 0
        while let output = outputs.next() {
            outputTotal = try Self.sum(outputTotal, output.amount, place)
            if output.claim != nil {
                ownOutputCount += 1
                ownOutputTotal += output.amount
            }
            place += 1
        }
        try require(outputTotal, atMost: inputTotal, else: .outputsExceedInputs)
        try require(ownOutputCount, atMost: Self.ownOutputCountMax, else: .tooManyChangeOutputs)
    }

    /// Satoshi that leave: every input is ours, so it is all that does not come back, the fee
    /// included.
    var outflow: UInt64 { inputTotal - ownOutputTotal }

    /// Satoshi for the miner.
    var fee: UInt64 { inputTotal - outputTotal }

    private static func sum(
        _ total: UInt64,
        _ amount: UInt64,
        _ place: Int
    ) throws(RefusalDetail) -> UInt64 {
        let limit = Amount.satoshisMax
        guard amount <= limit, total + amount <= limit else {
            throw RefusalDetail(.amountOutOfRange, index: place, expected: limit, found: amount)
        }
        return total + amount
    }
}
