package import Bytes
package import Wire

/// A decision leaf, taken apart: what the gate needs to choose a rule and to charge.
package struct Decision: Equatable, Sendable {
    /// A rule that matched, with everything that is charged if it is taken: its own limits and
    /// those of wallet, destinations and the whole; each limit once.
    package struct Candidate: Equatable, Sendable {
        package let rule: UInt16
        package let charges: [LeafCharge]
    }

    package let head: DecisionHead
    /// Of a message, what it has in common with a payment: nothing leaves.
    package let facts: DecisionFacts?
    package let isMessage: Bool
    /// The digest of the request that this one replaces.
    package let replacedDigest: Bytes32?
    /// Who asked for it, where the policy asks that.
    package let requester: UInt32?
    /// In rule order.
    package let candidates: [Candidate]
    /// What is charged, whichever rule is taken, to limits that each destination has for itself.
    package let paying: [DestinationCharge]

    /// Reads a leaf that was made under these limits.
    package init(
        reading leaf: Span<UInt8>,
        limits: [LimitCaps],
        lists: DestinationLists = .none
    ) throws(LeafFault) {
        let view = try Self.view(of: leaf)
        head = view.head
        facts = view.facts ?? view.message?.charged
        isMessage = view.message != nil
        replacedDigest = view.replaced?.digest
        requester = view.asked?.requester
        var shared: [LeafCharge] = []
        var charges = view.charges
        while let charge = charges.next() { shared.append(charge) }
        paying = try DestinationCharges(of: view, limits, lists, shared: &shared).all
        var candidates: [Candidate] = []
        var rules = view.rules
        while let rule = rules.next() {
            var own: [LeafCharge] = []
            var charges = rule.charges
            while let charge = charges.next() { own.append(charge) }
            candidates.append(Candidate(rule: rule.rule, charges: Self.merge(own + shared)))
        }
        self.candidates = candidates
        for candidate in candidates {
            for charge in candidate.charges {
                guard charge.limit < limits.count else { throw .unknownLimit(charge.limit) }
                // Only destinations are charged to it, never a rule.
                guard limits[Int(charge.limit)].eachOf == nil else {
                    throw .wrongDestinationCharge(charge.limit)
                }
            }
        }
    }

    @_lifetime(copy leaf)
    private static func view(of leaf: Span<UInt8>) throws(LeafFault) -> DecisionLeaf {
        do throws(ByteError) {
            return try DecisionLeaf(reading: leaf)
        } catch {
            throw .malformed(error)
        }
    }

    /// Each limit once, in the order of first mention; two charges to one limit add.
    private static func merge(_ charges: [LeafCharge]) -> [LeafCharge] {
        var merged: [LeafCharge] = []
        for charge in charges {
            guard let place = merged.firstIndex(where: { $0.limit == charge.limit }) else {
                merged.append(charge)
                continue
            }
            let (sum, overflow) = merged[place].amount.addingReportingOverflow(charge.amount)
            merged[place] = LeafCharge(limit: charge.limit, amount: overflow ? .max : sum)
        }
        return merged
    }
}
