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
    /// In rule order.
    package let candidates: [Candidate]

    /// Reads a leaf whose charges may name limits below `limitCount`.
    package init(reading leaf: Span<UInt8>, limitCount: Int) throws(LeafFault) {
        do throws(ByteError) {
            let view = try DecisionLeaf(reading: leaf)
            head = view.head
            facts = view.facts ?? view.message?.charged
            isMessage = view.message != nil
            replacedDigest = view.replaced?.digest
            var shared: [LeafCharge] = []
            var charges = view.charges
            while let charge = charges.next() { shared.append(charge) }
            var candidates: [Candidate] = []
            var rules = view.rules
            while let rule = rules.next() {
                var own: [LeafCharge] = []
                var charges = rule.charges
                while let charge = charges.next() { own.append(charge) }
                candidates.append(Candidate(rule: rule.rule, charges: Self.merge(own + shared)))
            }
            self.candidates = candidates
        } catch {
            throw .malformed(error)
        }
        for candidate in candidates {
            for charge in candidate.charges where charge.limit >= limitCount {
                throw .unknownLimit(charge.limit)
            }
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
