import Bitcoin
import BitcoinCrypto
import Bytes
import SecretMemory
import Transparency
import Wire

/// Why an assessment ends early.
enum AssessFault: Error {
    /// The front's mistake: it gets a leaf that says so, and the session goes on.
    case refused(RefusalDetail)
    case stop(SignerStop)

    /// Gives what `body` reads from the gate.
    static func reading<Value>(
        _ body: () throws(SignerStop) -> Value
    ) throws(AssessFault) -> Value {
        do throws(SignerStop) {
            return try body()
        } catch {
            throw .stop(error)
        }
    }
}

/// `assess`: everything the request claims is recomputed, then the policy is asked.
extension OpenSigner {
    /// Answers `assess`; the parents are streamed, nothing but the resolved part is kept.
    mutating func assess(_ payload: inout Arena, _ reply: inout ReplyBuffer) throws(SignerStop) {
        let head = try takeHead(&payload)
        slots.clear(head.slot)
        var resolvedCount = 0
        var digest = Bytes32.zero
        let decision: Decision
        do throws(AssessFault) {
            resolvedCount = try takeResolved(&payload)
            let resolved = payload.bytes.extracting(0..<resolvedCount)
            digest = Decision.digest(of: resolved)
            guard head.time >= timeFloor else {
                throw .refused(
                    RefusalDetail(.timeWentBack, expected: timeFloor, found: head.time)
                )
            }
            decision = try decide(resolved, digest)
        } catch {
            switch error {
            case .stop(let stop): throw stop
            case .refused(let refusal):
                decision = Decision.refuse(refusal, digest: digest, home, &leaf)
            }
        }
        try gate.drain()
        if decision.verdict == .allow {
            slots.hold(
                AllowedDecision(digest: digest, leafHash: Merkle.leafHash(leaf.bytes)),
                at: head.slot
            )
        }
        setReply(head.slot, decision, resolvedCount, &reply)
    }

    private func setReply(
        _ slot: UInt16,
        _ decision: Decision,
        _ resolvedCount: Int,
        _ reply: inout ReplyBuffer
    ) {
        let answer = AssessReply(
            slot: slot,
            verdict: decision.verdict,
            refusal: decision.refusal,
            digest: decision.digest,
            resolvedByteCount: UInt32(resolvedCount),
            leaf: leaf.bytes
        )
        var room = reply.payload
        var writer = ByteWriter(&room)
        do throws(ByteError) {
            try answer.write(to: &writer)
        } catch {
            preconditionFailure("an answer to assess has room")
        }
        let count = writer.count
        reply.finish(.assessed, payloadCount: count)
    }

    private mutating func takeHead(_ payload: inout Arena) throws(SignerStop) -> AssessHead {
        guard gate.left >= AssessHead.byteCount else { throw .malformed(.assess) }
        var room = payload.mutableBytes._consumingExtracting(0..<AssessHead.byteCount)
        try gate.take(into: &room)
        var reader = ByteReader(room.span)
        do throws(ByteError) {
            return try AssessHead(reading: &reader)
        } catch {
            throw .malformed(.assess)
        }
    }

    /// Reads the resolved part into the front of `payload` and gives its length.
    private mutating func takeResolved(_ payload: inout Arena) throws(AssessFault) -> Int {
        let length = try AssessFault.reading { () throws(SignerStop) in try gate.takeUInt32() }
        guard let length, Int(length) <= gate.left else {
            throw .refused(RefusalDetail(.malformedRequest, found: UInt64(length ?? 0)))
        }
        guard length <= UInt32(ResolvedRequest.byteCountMax) else {
            throw .refused(
                RefusalDetail(
                    .requestTooLarge,
                    expected: UInt64(ResolvedRequest.byteCountMax),
                    found: UInt64(length)
                )
            )
        }
        var room = payload.mutableBytes._consumingExtracting(0..<Int(length))
        do throws(SignerStop) {
            try gate.take(into: &room)
        } catch {
            throw .stop(error)
        }
        return Int(length)
    }

    /// Verifies the request against keys and parents, then asks the policy.
    private mutating func decide(
        _ resolved: Span<UInt8>,
        _ digest: Bytes32
    ) throws(AssessFault) -> Decision {
        let request: ResolvedRequest
        do throws(RefusalDetail) {
            request = try ResolvedRequest(checking: resolved)
        } catch {
            throw .refused(error)
        }
        let verified = try verify(request)
        return Decision.evaluate(
            request,
            verified,
            areAmountsChecked: parents.foundCount == request.inputCount,
            digest: digest,
            home,
            &leaf
        )
    }

    private mutating func verify(
        _ request: borrowing ResolvedRequest
    ) throws(AssessFault) -> VerifiedRequest {
        let wallet: OwnWallet
        let totals: RequestTotals
        do throws(RefusalDetail) {
            wallet = try RequestCheck.wallet(of: request, network: record.network, home.wallets)
            try RequestCheck.form(request)
            try RequestCheck.inputs(request, wallet)
            try order.load(request)
            totals = try RequestTotals(request, kind: wallet.kind)
            try RequestCheck.outputs(request, wallet, &home.wallets.keys, home.curve)
            try parents.load(request)
            try scripts.load(request, wallet, &home.wallets.keys, home.curve)
        } catch {
            throw .refused(error)
        }
        try readParents(request)
        // A taproot signature fixes every amount and script, so there a lie signs nothing
        // (BIP-341).
        if wallet.kind == .p2wpkh, let missing = parents.firstMissing(request) {
            throw .refused(RefusalDetail(.missingParent, index: missing))
        }
        return VerifiedRequest(request, wallet, totals, scripts)
    }

    private mutating func readParents(
        _ request: borrowing ResolvedRequest
    ) throws(AssessFault) {
        let count = try AssessFault.reading { () throws(SignerStop) in try gate.takeUInt16() }
        guard let count else { throw .refused(RefusalDetail(.malformedRequest)) }
        for number in 0..<Int(count) {
            let length = try AssessFault.reading { () throws(SignerStop) in try gate.takeUInt32() }
            guard let length, Int(length) <= gate.left else {
                throw .refused(RefusalDetail(.malformedRequest, index: number))
            }
            try readParent(number, Int(length), request)
        }
        guard gate.left == 0 else {
            throw .refused(RefusalDetail(.trailingBytes, found: UInt64(gate.left)))
        }
    }

    /// Reads one parent, piece by piece, and holds it against the inputs that spend it.
    private mutating func readParent(
        _ number: Int,
        _ byteCount: Int,
        _ request: borrowing ResolvedRequest
    ) throws(AssessFault) {
        parents.beginParent()
        var stream = try Self.parentStream(number, byteCount)
        while true {
            try AssessFault.reading { () throws(SignerStop) in try gate.fill() }
            guard let summary = try advance(&stream, number) else { continue }
            do throws(RefusalDetail) {
                return try parents.endParent(summary, request, order, scripts)
            } catch {
                throw .refused(error)
            }
        }
    }

    /// Takes in the piece at hand; gives the parent's summary when it has ended.
    private mutating func advance(
        _ stream: inout ParentStream,
        _ number: Int
    ) throws(AssessFault) -> ParentStream.ParentSummary? {
        var offset = 0
        do throws(BitcoinError) {
            var event = try stream.next(gate.atHand, from: &offset)
            while case .output(let output) = event {
                parents.note(output, script: stream.keptScript)
                event = try stream.next(gate.atHand, from: &offset)
            }
            gate.skip(offset)
            guard case .finished(let summary) = event else { return nil }
            return summary
        } catch {
            throw .refused(RefusalDetail(.malformedParent, index: number))
        }
    }

    private static func parentStream(
        _ number: Int,
        _ byteCount: Int
    ) throws(AssessFault) -> ParentStream {
        do throws(BitcoinError) {
            return try ParentStream(byteCount: byteCount)
        } catch {
            throw .refused(RefusalDetail(.malformedParent, index: number))
        }
    }
}
