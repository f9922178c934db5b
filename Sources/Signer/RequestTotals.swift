import Bitcoin
import Bytes
import Policy
import Wire

/// What a request adds up to, taken from its claims in one pass.
struct RequestTotals {
    /// A transaction with more outputs of ours than this shreds the wallet; it is no payment (R20).
    static let ownOutputCountMax = 10

    private(set) var inputTotal: UInt64 = 0
    private(set) var outputTotal: UInt64 = 0
    private(set) var ownOutputTotal: UInt64 = 0
    private(set) var ownOutputCount = 0
    /// The sighash types beside ALL and DEFAULT (`SighashPermission`).
    private(set) var sighashes: UInt8 = 0
    private(set) var sequences = Sequences()

    /// The largest possible sums are checked at every step, so none can wrap.
    init(_ request: borrowing ResolvedRequest) throws(RefusalDetail) {
        for place in 0..<request.inputCount {
            let input = request.input(at: place)
            inputTotal = try Self.sum(inputTotal, input.amount, place)
            sighashes |= SighashType(rawValue: UInt32(input.sighash)).permission
            sequences.add(input.sequence)
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
        // Where others add inputs, these may pay for the outputs.
        if sighashes & SighashPermission.openInputs == 0 {
            try require(outputTotal, atMost: inputTotal, else: .outputsExceedInputs)
        }
        try require(ownOutputCount, atMost: Self.ownOutputCountMax, else: .tooManyChangeOutputs)
    }

    /// Satoshi that leave: every input is ours, so it is all that does not come back, the fee
    /// included. With another sighash type than ALL and DEFAULT it is all that goes in: somebody
    /// else may take outputs away, or have another signature count on the same one.
    var outflow: UInt64 { sighashes == 0 ? inputTotal - ownOutputTotal : inputTotal }

    /// Satoshi for the miner, at the most.
    var fee: UInt64 { sighashes == 0 ? inputTotal - outputTotal : inputTotal }

    /// Whether somebody else may add outputs, or change them.
    var areOutputsOpen: Bool { sighashes & SighashPermission.openOutputs != 0 }

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
