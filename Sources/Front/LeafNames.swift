/// The names of a policy for the entries that were decided under it. The log has places alone, and
/// those of one policy mean nothing under another.
package struct LeafNames: Sendable {
    private let policy: BundleFacts?
    /// Whether the last decision was made under this policy; its charge follows it.
    private var isOurs = false

    package init(_ policy: BundleFacts?) {
        self.policy = policy
    }

    /// The entry with the names of what it is about; entries come in the order of the log.
    package mutating func named(_ leaf: LeafFacts) -> LeafFacts {
        guard let policy else { return leaf }
        if leaf.kind == "decision" { isOurs = leaf.policyHash == policy.hash }
        guard isOurs, leaf.kind == "decision" || leaf.kind == "charge" else { return leaf }
        var named = leaf
        named.ruleNames = leaf.rules?.compactMap { Self.name($0, in: policy.rules) }
        named.ruleName = leaf.rule.flatMap { Self.name($0, in: policy.rules) }
        named.limitName = leaf.limit.flatMap { Self.name($0, in: policy.limits.map(\.name)) }
        if leaf.subject == RefusalWords.Subject.rule.rawValue {
            let place = leaf.refusalIndex.flatMap { UInt16(exactly: $0) }
            named.subjectName = place.flatMap { Self.name($0, in: policy.rules) }
        }
        return named
    }

    private static func name(_ place: UInt16, in names: [String]) -> String? {
        place < names.count ? names[Int(place)] : nil
    }
}
