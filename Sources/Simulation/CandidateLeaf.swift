import Bytes
import Gate
import Policy
import Wire

/// A decision of the log as it would stand there under another policy. The signer did not tag it,
/// so it is good for a simulation alone.
enum CandidateLeaf {
    /// `leaf` with another policy's hash, rules and charges; its facts stay.
    static func bytes(
        of leaf: [UInt8],
        _ view: borrowing DecisionLeaf,
        bundleHash: Bytes32,
        _ answer: LeafQuestion.Answer
    ) -> [UInt8] {
        let isAllowed = answer.verdict == .allow
        let count = LeafHeader.byteCount + headByteCount
        let head = DecisionHead(
            salt: view.head.salt,
            verdict: isAllowed ? .allow : .refuse,
            refusal: isAllowed
                ? .none : RefusalDetail(rawCode: PolicyRefusal.noRuleForWallet.rawValue),
            digest: view.head.digest,
            bundleHash: bundleHash,
            network: view.head.network
        )
        let written: [UInt8] = .written(limit: count) { writer throws(ByteError) in
            try head.write(to: &writer)
        }
        let facts = leaf[written.count..<(view.untagged.count - listByteCount(of: view))]
        var bytes = written + facts
        bytes.append(UInt64(answer.rules.count), bytes: 2)
        for rule in answer.rules {
            bytes.append(UInt64(rule.rule), bytes: 2)
            append(rule.charges, to: &bytes)
        }
        append(answer.charges, to: &bytes)
        return bytes + [UInt8](repeating: 0, count: 32)
    }

    private static func append(_ charges: [LeafCharge], to bytes: inout [UInt8]) {
        bytes.append(UInt8(charges.count))
        for charge in charges {
            bytes.append(UInt64(charge.limit), bytes: 2)
            bytes.append(charge.amount, bytes: 8)
        }
    }

    /// Verdict, refusal, digest, hash and network.
    private static let headByteCount = 1 + (2 + 4 + 8 + 8) + 32 + 32 + 1

    /// The bytes of the rules and charges at the end of a leaf.
    private static func listByteCount(of view: borrowing DecisionLeaf) -> Int {
        var count = 2 + 1 + view.charges.left * LeafCharge.byteCount
        var rules = view.rules
        while let rule = rules.next() {
            count += 2 + 1 + rule.charges.left * LeafCharge.byteCount
        }
        return count
    }
}
