import Bitcoin
import BitcoinCrypto
package import Bytes
package import Policy
import Wire

/// What the signer decides on a request, and the leaf that says so.
struct Decision: Sendable {
    let verdict: LeafVerdict
    let refusal: RefusalDetail
    let digest: Bytes32
    /// Satoshi that left with the payment that this one replaces.
    var replacedOutflow: UInt64 = 0

    /// The digest by which two requests are the same (protocol.md, section 3).
    static func digest(of resolved: Span<UInt8>) -> Bytes32 {
        TaggedHash.hash(tag: "portcullis/request/1", resolved)
    }

    /// A refusal before the facts were established.
    static func refuse(
        _ refusal: RefusalDetail,
        digest: Bytes32,
        _ home: borrowing Home,
        _ leaf: inout LeafDraft
    ) -> Decision {
        let policy = home.policy.identity
        let leafKey = home.secrets.leafKey
        let decision = Decision(verdict: .refuse, refusal: refusal, digest: digest)
        leaf.reset()
        leaf.append { writer throws(ByteError) in
            try decision.head(policy, leafKey).write(to: &writer)
            try writer.writeUInt8(0)
        }
        leaf.tag(leafKey: leafKey)
        precondition(!leaf.isTooLarge, "a leaf without facts is short")
        return decision
    }

    /// The policy's answer on a request whose every claim was verified.
    static func evaluate(
        _ request: borrowing ResolvedRequest,
        _ verified: VerifiedRequest,
        areAmountsChecked: Bool,
        digest: Bytes32,
        _ inquiry: Inquiry,
        _ home: borrowing Home,
        _ leaf: inout LeafDraft
    ) -> Decision {
        let bundle = home.policy.bundle
        let policy = home.policy.identity
        let leafKey = home.secrets.leafKey
        let facts = VerifiedRequest.policyFacts(
            request,
            verified.wallet,
            verified.totals,
            virtualByteCount: verified.virtualByteCount,
            inquiry,
            bundle
        )
        let asked = inquiry.facts(
            under: bundle,
            lockTimes: facts.lockTimes,
            replaceable: facts.replaceable
        )
        let allowed = Decision(
            verdict: .allow,
            refusal: .none,
            digest: digest,
            replacedOutflow: verified.replaced?.outflow ?? 0
        )
        leaf.reset()
        leaf.append { writer throws(ByteError) in
            try allowed.head(policy, leafKey).write(to: &writer)
            try verified.writeFacts(areAmountsChecked: areAmountsChecked, asked, to: &writer)
            try writer.writeUInt16(UInt16(request.outputCount - verified.totals.ownOutputCount))
        }
        var outputs = request.outputs
        while let output = outputs.next() {
            guard output.claim == nil else { continue }
            leaf.append { writer throws(ByteError) in
                try writer.writeUInt64(output.amount)
                try writer.writeVec16(output.script)
            }
        }
        leaf.beginRules()
        let verdict = bundle.evaluate(facts, into: &leaf)
        return allowed.concluded(verdict, byteCount: request.bytes.count, home, &leaf)
    }

    /// Ends a leaf that began with this decision to allow, now that the policy has answered.
    /// `byteCount` is what makes a leaf too large.
    func concluded(
        _ verdict: PolicyVerdict,
        byteCount: Int,
        _ home: borrowing Home,
        _ leaf: inout LeafDraft
    ) -> Decision {
        let leafKey = home.secrets.leafKey
        var decision = self
        if case .refuse(let finding) = verdict {
            decision = Decision(verdict: .refuse, refusal: finding.detail, digest: digest)
            leaf.beginCommonCharges()
            leaf.replaceHead(decision.head(home.policy.identity, leafKey))
        }
        leaf.closeCharges()
        leaf.tag(leafKey: leafKey)
        guard !leaf.isTooLarge else {
            let refusal = RefusalDetail(
                .leafTooLarge,
                expected: UInt64(LeafKind.leafByteCountMax),
                found: UInt64(byteCount)
            )
            return Self.refuse(refusal, digest: digest, home, &leaf)
        }
        return decision
    }

    func head(_ policy: PolicyIdentity, _ leafKey: Span<UInt8>) -> DecisionHead {
        DecisionHead(
            salt: LeafDraft.salt(
                .decision,
                digest: digest,
                bundleHash: policy.bundleHash,
                verdict: verdict.rawValue,
                code: refusal.code,
                leafKey: leafKey
            ),
            verdict: verdict,
            refusal: refusal,
            digest: digest,
            bundleHash: policy.bundleHash,
            network: policy.network
        )
    }
}

/// Which policy is in force.
package struct PolicyIdentity: Equatable, Sendable {
    package let bundleHash: Bytes32
    package let epoch: UInt64
    package let network: UInt8

    package init(_ bundle: borrowing CheckedBundle) {
        bundleHash = bundle.hash
        epoch = bundle.epoch
        network = bundle.networkCode
    }
}

extension PolicyFinding {
    /// The finding as leaves and answers carry it.
    var detail: RefusalDetail {
        RefusalDetail(
            rawCode: refusal.rawValue,
            index: rule,
            expected: expected,
            found: found
        )
    }
}
