/// For those who ask what the policy says, and not what it costs.
extension CheckedBundle {
    /// What the policy says, without charges.
    package func verdict(on facts: borrowing Facts) -> PolicyVerdict {
        var nobody = Nobody()
        return evaluate(facts, into: &nobody)
    }

    private struct Nobody: EvaluationSink {
        mutating func matched(rule: UInt16) {}
        mutating func beginCommonCharges() {}
        mutating func charge(limit: UInt16, amount: UInt64) {}
    }
}
