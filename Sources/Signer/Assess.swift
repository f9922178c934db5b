import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import SecretMemory
import Transparency
import Wire

/// `assess`: everything the request claims is recomputed, then the policy is asked.
extension OpenSigner {
    /// Answers `assess`; the parents are read one after the other, and nothing but the resolved
    /// part is kept.
    mutating func assess(
        _ payload: inout Arena,
        _ toSign: inout MessageTransaction,
        _ reply: inout ReplyBuffer
    ) throws(SignerStop) {
        let head = try takeHead(&payload)
        slots.clear(head.slot)
        let inquiry = Inquiry(requester: head.requester, time: head.time)
        var resolvedCount = 0
        var digest = Bytes32.zero
        let decision: Decision
        do throws(Fault) {
            resolvedCount = try takeResolved(&payload)
            let resolved = payload.bytes.extracting(0..<resolvedCount)
            digest = Decision.digest(of: resolved)
            try Fault.refusing(require(head.time, atLeast: timeFloor, else: .timeWentBack))
            decision =
                try MessageRequest.isMessage(resolved)
                ? decideMessage(resolved, digest, inquiry, &toSign)
                : decide(resolved, digest, inquiry)
        } catch {
            switch error {
            case .stop(let stop): throw stop
            case .refused(let refusal):
                decision = Decision.refuse(refusal, digest: digest, home, &leaf)
            }
        }
        try gate.drain()
        if decision.verdict == .allow {
            let leafHash = Merkle.leafHash(leaf.bytes)
            let allowed = AllowedDecision(
                digest: digest,
                leafHash: leafHash,
                signatureCount: scripts.signatureCount,
                virtualByteCount: scripts.virtualByteCount,
                replacedOutflow: decision.replacedOutflow,
                inquiry: inquiry
            )
            slots.hold(allowed, at: head.slot)
        }
        let resolved = payload.bytes.extracting(0..<resolvedCount)
        let opens = decision.verdict == .allow && ResolvedRequest.isOpened(resolved)
        let frontCount = AssessHead.replyFrontByteCount + leaf.bytes.count
        let openingCount = opens ? scripts.signatureCount : 0
        let restCount = opens ? 2 + 33 * openingCount : 0
        setReply(head.slot, decision, resolvedCount, frontCount + restCount, &reply)
        if opens { try open(resolved, &reply, at: frontCount) }
    }

    /// Puts the decision at the front of the reply.
    private func setReply(
        _ slot: UInt16,
        _ decision: Decision,
        _ resolvedCount: Int,
        _ payloadCount: Int,
        _ reply: inout ReplyBuffer
    ) {
        let leaf = leaf.bytes
        reply.set(.assessed, payloadCount: payloadCount) { writer throws(ByteError) in
            try writer.writeUInt16(slot)
            try writer.writeUInt8(decision.verdict.rawValue)
            try decision.refusal.write(to: &writer)
            try writer.write(decision.digest)
            try writer.writeUInt32(UInt32(resolvedCount))
            try writer.writeVec16(leaf)
        }
    }

    /// Writes `u16 n | opening[33]*n`: the points of the nonces that the signatures of an allowed
    /// request will start from. Nothing is remembered of it.
    private mutating func open(
        _ resolved: Span<UInt8>,
        _ reply: inout ReplyBuffer,
        at start: Int
    ) throws(SignerStop) {
        let request: ResolvedRequest
        let verified: VerifiedRequest
        do throws(RefusalDetail) {
            request = try ResolvedRequest(checking: resolved)
            verified = try prepare(request)
        } catch {
            // It was verified in this very call: memory is not to be trusted.
            throw .curve(.signingFailed)
        }
        guard let commitment = request.commitment else { throw .curve(.signingFailed) }
        var room = reply.payload._consumingExtracting(start...)
        room.store(UInt64(scripts.signatureCount), at: 0, byteCount: 2)
        var rest = room._mutatingExtracting(2...)
        try SignerStop.computing(
            RequestSigner.make(.open(commitment), request, verified, scripts, &home, into: &rest)
        )
    }

    private mutating func takeHead(_ payload: inout Arena) throws(SignerStop) -> AssessHead {
        guard gate.left >= AssessHead.byteCount else { throw .malformed(.assess) }
        try gate.take(AssessHead.byteCount, into: &payload)
        var reader = ByteReader(payload.bytes.extracting(0..<AssessHead.byteCount))
        do throws(ByteError) {
            return try AssessHead(reading: &reader)
        } catch {
            throw .malformed(.assess)
        }
    }

    /// Reads the resolved part into the front of `payload` and gives its length.
    private mutating func takeResolved(_ payload: inout Arena) throws(Fault) -> Int {
        let length = try Fault.stopping(gate.takeNumber(byteCount: 4))
        guard let length, length <= gate.left else {
            throw .refused(RefusalDetail(.malformedRequest, found: length ?? 0))
        }
        let limit = ResolvedRequest.byteCountMax
        try Fault.refusing(require(length, atMost: limit, else: .requestTooLarge))
        try Fault.stopping(gate.take(length, into: &payload))
        return length
    }

    /// Verifies the request against keys and parents, then asks the policy.
    private mutating func decide(
        _ resolved: Span<UInt8>,
        _ digest: Bytes32,
        _ inquiry: Inquiry
    ) throws(Fault) -> Decision {
        let request: ResolvedRequest
        do throws(RefusalDetail) {
            request = try ResolvedRequest(checking: resolved)
        } catch {
            throw .refused(error)
        }
        let verified = try verify(request, digest)
        return Decision.evaluate(
            request,
            verified,
            areAmountsChecked: parents.foundCount == request.inputCount,
            digest: digest,
            inquiry,
            home,
            &leaf
        )
    }

    private mutating func verify(
        _ request: borrowing ResolvedRequest,
        _ digest: Bytes32
    ) throws(Fault) -> VerifiedRequest {
        try Fault.refusing(checkIsRecent(request.replacedDigest, by: digest))
        let (wallet, totals) = try Fault.refusing(checkClaims(request))
        try readParents(request)
        let replaced = try readReplaced(by: request)
        try Fault.refusing(require(gate.left, equals: 0, else: .trailingBytes))
        // A taproot signature fixes every amount and script, so there a lie signs nothing
        // (BIP-341).
        if !wallet.isTaproot, let missing = parents.firstMissing(request) {
            throw .refused(RefusalDetail(.missingParent, index: missing))
        }
        return VerifiedRequest(request, wallet, totals, scripts, replaced: replaced)
    }

    /// All that can be checked without the parents, in the order in which it refuses.
    private mutating func checkClaims(
        _ request: borrowing ResolvedRequest
    ) throws(RefusalDetail) -> (OwnWallet, RequestTotals) {
        let wallet = try RequestCheck.wallet(of: request, network: record.network, home.wallets)
        let record = home.policy.bundle.wallet(at: wallet.place)
        try RequestCheck.form(request, wallet)
        try RequestCheck.inputs(request, wallet, home.wallets.keys)
        try order.load(request)
        let totals = try RequestTotals(request)
        try RequestCheck.work(request, record)
        try RequestCheck.outputs(request, wallet, record, &home.wallets, home.curve)
        try parents.load(request)
        try scripts.load(request, totals, wallet, record, &home.wallets, home.curve)
        return (wallet, totals)
    }

    /// Reads one parent after the other, and holds each against the inputs that spend it.
    private mutating func readParents(_ request: borrowing ResolvedRequest) throws(Fault) {
        let count = try Fault.stopping(gate.takeNumber(byteCount: 2))
        guard let count else { throw .refused(RefusalDetail(.malformedRequest)) }
        for number in 0..<count {
            let length = try Fault.stopping(gate.takeNumber(byteCount: 4))
            guard let length, length <= gate.left else {
                throw .refused(RefusalDetail(.malformedRequest, index: number))
            }
            guard length <= LegacyParent.byteCountMax else {
                throw .refused(RefusalDetail(.malformedParent, index: number))
            }
            try Fault.stopping(gate.take(length, into: &parent))
            try Fault.refusing(
                parents.check(number, parent, byteCount: length, request, order, scripts)
            )
        }
    }
}
