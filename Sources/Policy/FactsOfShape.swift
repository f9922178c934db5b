private import Bitcoin

/// What the signer knows of a transaction beside what leaves and who is paid. Where a sighash type
/// leaves something open to others, it is what they can make of it.
extension Facts {
    /// How many inputs and outputs there are, and how much of what the outputs hold is ours. Said
    /// when all is paid.
    package mutating func count(
        inputs: Int,
        outputs: Int,
        ownAmount: UInt64,
        outputAmount: UInt64
    ) {
        isComplete = true
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

    /// The lock time, the version, which says whether sequences lock (BIP-68), and the sequences.
    package mutating func lock(time: UInt32, version: UInt32, _ sequences: Sequences) {
        // From 500,000,000 on it is a time.
        let kind = time < 500_000_000 ? LockTimes.height : LockTimes.time
        lockTimes = time != 0 && !sequences.areFinal ? kind : 0
        if version >= 2, sequences.areLocks { lockTimes |= LockTimes.relative }
        if lockTimes == 0 { lockTimes = LockTimes.none }
        replaceable = Either.of(sequences.isReplaceable)
        guard areInputsOpen else { return }
        // An input of others may not be final, may lock, or may signal.
        if time != 0 { lockTimes |= kind }
        if version >= 2 { lockTimes |= LockTimes.relative }
        replaceable |= Either.yes
    }

    /// Whether the payment names another that it replaces.
    package mutating func replace(_ isReplacement: Bool) {
        replacement = Either.of(isReplacement)
    }

    /// Who asks, and when.
    package mutating func ask(_ asking: Asking) { self.asking = asking }

    /// Who asks, and the day and minute in a zone, as far as they are known.
    @inline(__always)
    var requester: UInt32? { asking.requester }
    @inline(__always)
    func minute(in zone: Int) -> WeekMinute? { asking.minute(in: zone) }

    /// What may be of a number, for a rule that denies. What others put in may raise the fee: none
    /// of it is ours, so for the caps of a rule that allows it does not count.
    @inline(__always)
    func worstRange(ofCode code: UInt8) -> FactRange {
        let known = range(ofCode: code)
        let isFee = code == NumericFact.fee.rawValue || code == NumericFact.feerate.rawValue
        return isFee && areInputsOpen ? FactRange(least: known.least, most: .max) : known
    }

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

/// What the sequences of the inputs say, one added after the other.
package struct Sequences: Sendable {
    /// Whether every one is final (0xffffffff), so that the lock time is not in effect.
    private(set) var areFinal = true
    /// Whether one signals that the payment can be replaced (BIP-125).
    private(set) var isReplaceable = false
    /// Whether one locks its input for some time after its coin, if the version is 2 (BIP-68).
    private(set) var areLocks = false

    package init() {}

    package mutating func add(_ sequence: UInt32) {
        areFinal = areFinal && sequence == .max
        isReplaceable = isReplaceable || sequence < 0xffff_fffe
        // Bit 31 says that it is no lock, and one of 0 holds nothing back.
        areLocks = areLocks || (sequence >> 31 == 0 && sequence & 0xffff != 0)
    }
}
