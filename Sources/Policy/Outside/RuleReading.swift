/// What a rule about payments says, whatever its effect: that of effects 1 … 3 in the words of
/// conditions. For those who compare rules.
extension RuleRecord {
    /// Whether a rule that allows needs the approval of people as well.
    package var needsApprovals: Bool { hasConditions && approvals != nil }

    /// The range of a number that the rule is about; all there is where it says nothing of it.
    package func range(of fact: NumericFact) -> FactRange {
        if hasConditions { return rangeOfConditions(fact) }
        guard !isDeny else { return .unknown }
        switch fact {
        case .outflow: return FactRange(least: 0, most: outflowMax)
        case .fee: return FactRange(least: 0, most: feeMax)
        case .feerate: return FactRange(least: 0, most: feerateMax)
        case .largest, .inputs, .outputs, .ownShare: return .unknown
        }
    }

    /// The kinds of scripts that the rule is about; every one where it says nothing of them.
    package var scripts: UInt16 { mask(of: .scripts, orEvery: ScriptKinds.every) }

    /// The set of a condition, or every member where the rule has none of its kind.
    func mask(of kind: ConditionKind, orEvery every: UInt16) -> UInt16 {
        let mask = mask(of: kind)
        return mask == 0 ? every : mask
    }
}
