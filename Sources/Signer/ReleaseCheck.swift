import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Transparency
import Wire

/// Holds every entry of a release against the slots, the tree and the allowance. Nothing changes
/// until all are good.
struct ReleaseCheck {
    /// The log as it was, and as it is with the new leaves.
    let before: LogHead
    let after: LogHead
    let record: StateRecord

    /// Satoshi that the release charges to the allowance.
    private(set) var outflow: UInt64 = 0
    /// The latest time among the charge leaves, never less than the record's.
    private(set) var time: UInt64
    private(set) var signatureCount = 0
    private var digests = InlineArray<64, Bytes32>(repeating: .zero)
    private var entryCount = 0
    /// The digests that go into the ring.
    private(set) var fresh = InlineArray<64, Bytes32>(repeating: .zero)
    private(set) var freshCount = 0

    init(before: LogHead, after: LogHead, record: StateRecord) {
        self.before = before
        self.after = after
        self.record = record
        time = record.lastTime
    }

    /// Checks one entry; entries are checked in their order.
    mutating func add(
        _ entry: borrowing ReleaseEntry,
        _ leafHashes: Span<UInt8>,
        _ slots: borrowing SlotTable,
        _ home: borrowing Home
    ) throws(RefusalDetail) {
        let place = entryCount
        guard let decision = slots.decision(at: entry.slot) else {
            throw RefusalDetail(.slotEmpty, index: place, found: entry.slot)
        }
        guard Decision.digest(of: entry.resolved) == decision.digest else {
            throw RefusalDetail(.slotMismatch, index: place, found: entry.slot)
        }
        if MessageRequest.isMessage(entry.resolved) {
            return try addMessage(entry, leafHashes, decision, home)
        }
        // The digest is one that was allowed, so these bytes were verified; they are read again all
        // the same.
        let request = try ResolvedRequest(checking: entry.resolved)
        guard let wallet = home.wallets.wallet(id: request.walletID(at: 0)) else {
            throw RefusalDetail(.unknownWallet, index: place)
        }
        // What the host contributes is what it committed to before the nonces were fixed.
        if let commitment = request.commitment {
            // A local, and no temporary: its span is hashed.
            let contributed = HostNonce(entry.hostNonce ?? .zero)
            let isKept = entry.hostNonce != nil && contributed.commitment == commitment
            try require(isKept, else: .antiExfilNonceMismatch, at: place)
        }
        let totals = try RequestTotals(request)
        switch entry.evidence {
        case .new(let offset, let charge):
            let facts = VerifiedRequest.policyFacts(
                request,
                wallet,
                totals,
                virtualByteCount: decision.virtualByteCount,
                decision.inquiry,
                home.policy.bundle
            )
            var search = RuleSearch(of: charge)
            _ = home.policy.bundle.evaluate(facts, into: &search)
            try checkNew(Int(offset), charge, decision, leafHashes, isMatching: search.isMatching)
        case .retry(let index, let leaf, let charge):
            try checkRetry(index, leaf, charge, decision, home)
        }
        try charge(request, decision, totals.outflow, home.state)
        signatureCount += decision.signatureCount
    }

    /// Checks an entry about a message. It moves nothing, so the allowance is not charged, nor does
    /// the ring remember it.
    private mutating func addMessage(
        _ entry: borrowing ReleaseEntry,
        _ leafHashes: Span<UInt8>,
        _ decision: AllowedDecision,
        _ home: borrowing Home
    ) throws(RefusalDetail) {
        let message = try MessageRequest(checking: entry.resolved)
        guard let wallet = home.wallets.wallet(id: message.walletID) else {
            throw RefusalDetail(.unknownWallet, index: entryCount)
        }
        switch entry.evidence {
        case .new(let offset, let charge):
            var search = RuleSearch(of: charge)
            let asking = decision.inquiry.asking(under: home.policy.bundle)
            let facts = message.policyFacts(wallet, asking)
            _ = home.policy.bundle.evaluate(facts, into: &search)
            try checkNew(Int(offset), charge, decision, leafHashes, isMatching: search.isMatching)
        case .retry(let index, let leaf, let charge):
            try checkRetry(index, leaf, charge, decision, home)
        }
        digests[entryCount] = decision.digest
        entryCount += 1
        signatureCount += decision.signatureCount
    }

    /// The decision and its charge must be among the new leaves, one right after the other.
    private mutating func checkNew(
        _ offset: Int,
        _ chargeBytes: Span<UInt8>,
        _ decision: AllowedDecision,
        _ leafHashes: Span<UInt8>,
        isMatching: Bool
    ) throws(RefusalDetail) {
        let place = entryCount
        guard offset + 1 < leafHashes.count / 32,
            LogHead.hash(offset, leafHashes) == decision.leafHash
        else { throw RefusalDetail(.leafNotShown, index: place, found: offset) }
        guard LogHead.hash(offset + 1, leafHashes) == Merkle.leafHash(chargeBytes) else {
            throw RefusalDetail(.chargeLeafMismatch, index: place, found: offset)
        }
        let charge: ChargeLeaf
        do throws(ByteError) {
            charge = try ChargeLeaf(reading: chargeBytes)
        } catch {
            throw RefusalDetail(.chargeLeafMismatch, index: place)
        }
        let index = before.range.size + UInt64(offset)
        guard charge.outcome == .charged, charge.decisionIndex == index, isMatching else {
            let (refusal, found) = (Refusal.chargeLeafMismatch, charge.decisionIndex)
            throw RefusalDetail(refusal, index: place, expected: index, found: found)
        }
        // For whom and when it was assessed is what the policy was asked.
        let requester = decision.inquiry.requester
        try require(charge.requester, equals: requester, else: .chargeLeafMismatch, at: place)
        let earliest = max(record.lastTime, decision.inquiry.time)
        try require(charge.time.logTime, atLeast: earliest, else: .timeWentBack, at: place)
        time = max(time, charge.time.logTime)
    }

    /// The leaf must be ours, about this request, and in the tree, and so must its charge. It was
    /// asked for again, by rules that may ask when: what was said then is a time that has been.
    private mutating func checkRetry(
        _ index: UInt64,
        _ shown: borrowing ProvenLeaf,
        _ charge: borrowing ProvenLeaf,
        _ decision: AllowedDecision,
        _ home: borrowing Home
    ) throws(RefusalDetail) {
        let forged = RefusalDetail(.forgedLeaf, index: entryCount)
        let leaf: TaggedDecision
        do throws(ByteError) {
            leaf = try TaggedDecision(reading: shown.bytes)
        } catch {
            throw forged
        }
        let tag = LeafDraft.tag(of: leaf.untagged, leafKey: home.secrets.leafKey)
        guard constantTimeEqual(tag.span, leaf.tag.span), leaf.head.verdict == .allow,
            leaf.head.digest == decision.digest
        else { throw forged }
        try requireInTree(shown, at: index)
        try checkRetry(index, leaf, charge: charge)
        time = max(time, decision.inquiry.time)
    }

    /// Right after the decision the tree must show that it was charged, and to a rule that matched:
    /// a retry of what the log calls refused would be signed behind its back.
    private func checkRetry(
        _ index: UInt64,
        _ decision: borrowing TaggedDecision,
        charge shown: borrowing ProvenLeaf
    ) throws(RefusalDetail) {
        let mismatch = RefusalDetail(.chargeLeafMismatch, index: entryCount, expected: index)
        let charge: ChargeLeaf
        do throws(ByteError) {
            charge = try ChargeLeaf(reading: shown.bytes)
        } catch {
            throw mismatch
        }
        guard charge.outcome == .charged, charge.decisionIndex == index,
            decision.lists(rule: charge.rule)
        else { throw mismatch }
        // The decision stands in the tree, so its index is far below the largest number.
        try requireInTree(shown, at: index + 1)
    }

    private func requireInTree(
        _ shown: borrowing ProvenLeaf,
        at index: UInt64
    ) throws(RefusalDetail) {
        do throws(TransparencyError) {
            try InclusionProof.verify(
                leafHash: Merkle.leafHash(shown.bytes),
                index: index,
                size: after.range.size,
                proof: shown.proof,
                root: after.root
            )
        } catch {
            let size = after.range.size
            throw RefusalDetail(.notInTree, index: entryCount, expected: size, found: index)
        }
    }

    /// Charges the outflow, unless the digest was charged before; of a replacement what it takes
    /// more, if what it replaces was charged and that is remembered still.
    private mutating func charge(
        _ request: borrowing ResolvedRequest,
        _ decision: AllowedDecision,
        _ amount: UInt64,
        _ state: borrowing StateFile
    ) throws(RefusalDetail) {
        let place = entryCount
        let isFresh = !isCharged(decision.digest, state)
        var amount = amount
        if let replaced = request.replacedDigest, isCharged(replaced, state) {
            amount -= min(amount, decision.replacedOutflow)
        }
        digests[place] = decision.digest
        entryCount += 1
        guard isFresh else { return }
        // 64 amounts of at most 21 million bitcoin each cannot overflow.
        outflow += amount
        try require(outflow, atMost: record.allowanceLeft, else: .allowanceExceeded, at: place)
        fresh[freshCount] = decision.digest
        freshCount += 1
    }

    /// Whether a digest is in the ring, or stands further up in this release.
    private func isCharged(_ digest: Bytes32, _ state: borrowing StateFile) -> Bool {
        for earlier in 0..<entryCount where digests[earlier] == digest {
            return true
        }
        return state.holds(digest, record)
    }
}
