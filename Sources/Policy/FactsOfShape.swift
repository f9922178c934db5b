private import Bitcoin

/// What the signer knows of a transaction beside what leaves and who is paid. Where a sighash type
/// leaves something open to others, it is what they can make of it.
extension Facts {
    /// How many inputs and outputs there are, and how much of what the outputs hold is ours.
    package mutating func count(
        inputs: Int,
        outputs: Int,
        ownAmount: UInt64,
        outputAmount: UInt64
    ) {
        let (inputs, outputs) = (UInt64(inputs), UInt64(outputs))
        inputsRange = FactRange(least: inputs, most: areInputsOpen ? .max : inputs)
        // With NONE, those that are there can be taken away as well.
        outputsRange = areOutputsOpen ? .unknown : FactRange(outputs)
        // Outputs of ours give no credit as soon as anything is open.
        guard sighashes == 0, ownAmount <= outputAmount, outputAmount > 0,
            outputAmount <= CheckedBundle.moneyMax
        else {
            ownShareRange = .unknown
            return
        }
        // Digit by digit: the product at once would not fit.
        var (share, rest): (UInt64, UInt64) = (0, ownAmount)
        for _ in 0..<6 {
            let (digit, left) = (10 * rest).quotientAndRemainder(dividingBy: outputAmount)
            (share, rest) = (10 * share + digit, left)
        }
        ownShareRange = FactRange(least: share, most: rest == 0 ? share : share + 1)
    }

    /// The lock time, whether every input of ours is final (sequence 0xffffffff), and whether one
    /// signals that the payment can be replaced (BIP-125: below 0xfffffffe).
    package mutating func lock(time: UInt32, areInputsFinal: Bool, isReplaceable: Bool) {
        // From 500,000,000 on it is a time.
        let kind = time < 500_000_000 ? LockTimes.height : LockTimes.time
        lockTimes = time == 0 || areInputsFinal ? LockTimes.none : kind
        replaceable = Either.of(isReplaceable)
        guard areInputsOpen else { return }
        // An input of others may not be final, or may signal.
        if time != 0 { lockTimes |= kind }
        replaceable |= Either.yes
    }

    /// Whether the payment names another that it replaces.
    package mutating func replace(_ isReplacement: Bool) {
        replacement = Either.of(isReplacement)
    }

    /// Who asks, and when.
    package mutating func ask(_ asking: Asking) { self.asking = asking }

    /// Who asks, and the minute of the week in a zone, as far as they are known.
    var requester: UInt32? { asking.requester }
    func minute(in zone: Int) -> UInt16? { asking.minute(in: zone) }

    private var areInputsOpen: Bool { sighashes & SighashPermission.openInputs != 0 }
    private var areOutputsOpen: Bool { sighashes & SighashPermission.openOutputs != 0 }

    /// What is known of a number.
    @inline(__always)
    func range(ofCode code: UInt8) -> FactRange {
        switch code {
        case NumericFact.outflow.rawValue: outflowRange
        case NumericFact.fee.rawValue: feeRange
        case NumericFact.feerate.rawValue: feerateRange
        case NumericFact.largest.rawValue: largestRange
        case NumericFact.inputs.rawValue: inputsRange
        case NumericFact.outputs.rawValue: outputsRange
        case NumericFact.ownShare.rawValue: ownShareRange
        case _: .unknown
        }
    }
}
