/// For those who ask what the policy would say if less were known.
extension Facts {
    /// Adds an output by the lists its script stands in; of what kind that is, is not known.
    package mutating func pay(_ amount: UInt64, lists: UInt64, output: UInt32) {
        let lists = OutputLists(certain: lists, possible: lists)
        pay(amount, lists: lists, kind: ScriptKinds.every, output: output)
    }

    /// Says what is known of a number.
    package mutating func set(_ fact: NumericFact, _ range: FactRange) {
        switch fact {
        case .outflow: outflowRange = range
        case .fee: feeRange = range
        case .feerate: feerateRange = range
        case .largest: largestRange = range
        case .inputs: inputsRange = range
        case .outputs: outputsRange = range
        case .ownShare: ownShareRange = range
        }
    }

    /// What is known of a number.
    package func range(of fact: NumericFact) -> FactRange { range(ofCode: fact.rawValue) }

    /// Says what may be of the kinds of outputs, the lock time, the signal, and the replacement.
    package mutating func set(
        scripts: UInt16,
        lockTimes: UInt8,
        replaceable: UInt8,
        replacement: UInt8
    ) {
        self.scripts = scripts
        self.lockTimes = lockTimes
        self.replaceable = replaceable
        self.replacement = replacement
    }

    /// The sets as they are known: kinds of outputs, `LockTimes`, and twice `Either`.
    package var sets: (scripts: UInt16, lockTimes: UInt8, replaceable: UInt8, replacement: UInt8) {
        (scripts, lockTimes, replaceable, replacement)
    }

    /// Ends what is paid, in place of `count`, where neither counts nor shares are known.
    package mutating func countNothing() { isComplete = true }
}
