private import BitcoinCrypto
import Bytes
import Wire

/// Requests on their way through the signer's assessment.
extension GateServer {
    /// Hands the signer what it has room for.
    func assessMore(_ time: LeafTime) {
        while let id = jobs.nextToAssess() {
            let job = jobs[id]
            guard let slot = job.slot else { preconditionFailure("a slot came with the job") }
            let head = AssessHead(slot: slot, time: time.logTime, requester: job.requester)
            let bytes = [UInt8].written(limit: AssessHead.byteCount) { writer throws(ByteError) in
                try head.write(to: &writer)
            }
            signer.send(.assess, [bytes, job.request], expecting: .assess(job: id))
        }
    }

    /// Takes the signer's verdict on a job. Everything in it that the gate can check it checks: an
    /// answer that does not belong to the request ends the service.
    func assessed(_ id: Int, _ payload: [UInt8]) throws(GateError) {
        let job = jobs[id]
        let (verdict, assessed, resolved) = try read(payload, for: job)
        jobs.assessed(id, assessed, resolved: resolved)
        guard verdict == .allow else { return jobs.refused.append(id) }
        switch job.key.purpose {
        case .sign, .signOpened: jobs.allow(id)
        case .open:
            // Nothing is signed on it, so nothing is charged and nothing logged.
            for client in jobs.finish(id) { reply(client, .opened, assessed.openings) }
        }
    }

    private func read(
        _ payload: [UInt8],
        for job: Job
    ) throws(GateError) -> (LeafVerdict, AssessedRequest, [UInt8]) {
        let reply: AssessReply
        do throws(ByteError) {
            reply = try AssessReply(reading: payload.span)
        } catch {
            throw SignerReplies.malformed(.assessed)
        }
        guard reply.slot == job.slot else { throw .signerFault(.wrongSlot) }
        let decision: Decision
        do throws(LeafFault) {
            decision = try Decision(
                reading: reply.leaf,
                limits: configuration.limits,
                lists: configuration.lists
            )
        } catch {
            throw .signerFault(.wrongLeaf)
        }
        let head = decision.head
        guard head.verdict == reply.verdict, head.digest == reply.digest,
            head.refusal == reply.refusal, head.bundleHash == configuration.bundleHash,
            decision.requester ?? job.requester == job.requester
        else { throw .signerFault(.wrongLeaf) }
        let leaf = [UInt8](copying: reply.leaf)
        guard reply.verdict == .allow else {
            return (reply.verdict, .refused(leaf, decision), [])
        }
        let resolved = try Self.resolved(job.request, count: Int(reply.resolvedByteCount))
        guard TaggedHash.hash(tag: "portcullis/request/1", resolved.span) == reply.digest else {
            throw .signerFault(.wrongDigest)
        }
        let isMessage = MessageRequest.isMessage(resolved.span)
        guard let facts = decision.facts, !decision.candidates.isEmpty,
            isMessage == decision.isMessage
        else { throw .signerFault(.wrongLeaf) }
        let signed =
            isMessage
            ? try Self.message(resolved, reply.leaf, facts.anchor) : try Self.inputs(resolved)
        guard signed.outpoints.contains(facts.anchor),
            signed.replacedDigest == decision.replacedDigest
        else { throw .signerFault(.wrongLeaf) }
        let isOpened = ResolvedRequest.isOpened(resolved.span)
        guard isOpened == !reply.openings.isEmpty else { throw .signerFault(.wrongLeaf) }
        let perInput = configuration.signaturesPerInputMax[HashKey(signed.wallet)] ?? 1
        let most = min(perInput * signed.inputCount, AssessedRequest.signatureCountMax)
        let assessed = AssessedRequest(
            leaf: leaf,
            decision: decision,
            inputs: signed.outpoints,
            signatureCounts: signed.inputCount...most,
            openings: Self.counted([UInt8](copying: reply.openings))
        )
        return (reply.verdict, assessed, resolved)
    }

    /// `u16 n | opening[33]*n`, as a client is told; nothing of none.
    private static func counted(_ openings: [UInt8]) -> [UInt8] {
        guard !openings.isEmpty else { return [] }
        var bytes: [UInt8] = []
        bytes.append(UInt64(openings.count / 33), bytes: 2)
        return bytes + openings
    }

    /// The resolved part of a SigningRequest, which both sides must see in the same bytes.
    private static func resolved(_ request: [UInt8], count: Int) throws(GateError) -> [UInt8] {
        guard request.count >= 4 else { throw .signerFault(.wrongDigest) }
        let stated = (0..<4).reduce(0) { $0 | Int(request[$1]) << (8 * $1) }
        guard stated == count, request.count >= 4 + count else {
            throw .signerFault(.wrongDigest)
        }
        return [UInt8](request[4..<4 + count])
    }

    /// What of a request the gate must know: the wallet, the outpoints by which it may exclude
    /// others, and how many inputs are signed.
    private struct SignedInputs {
        let wallet: Bytes32
        let outpoints: [LeafOutpoint]
        let inputCount: Int
        var replacedDigest: Bytes32?
    }

    /// The leaf must be about the message that was asked for. What excludes it is itself alone:
    /// the coins of a proof stay free to be spent.
    private static func message(
        _ resolved: [UInt8],
        _ leaf: Span<UInt8>,
        _ anchor: LeafOutpoint
    ) throws(GateError) -> SignedInputs {
        let wallet: Bytes32
        let (count, isAbout): (Int, Bool)
        do throws(RefusalDetail) {
            let request = try MessageRequest(checking: resolved.span)
            (wallet, count) = (request.walletID, request.inputCount)
            do throws(ByteError) {
                isAbout = try DecisionLeaf(reading: leaf).message?.isAbout(request) ?? false
            } catch {
                throw RefusalDetail(.malformedRequest)
            }
        } catch {
            throw .signerFault(.wrongDigest)
        }
        guard isAbout else { throw .signerFault(.wrongLeaf) }
        return SignedInputs(wallet: wallet, outpoints: [anchor], inputCount: 1 + count)
    }

    private static func inputs(_ resolved: [UInt8]) throws(GateError) -> SignedInputs {
        do throws(RefusalDetail) {
            let request = try ResolvedRequest(checking: resolved.span)
            var inputs: [LeafOutpoint] = []
            inputs.reserveCapacity(request.inputCount)
            for place in 0..<request.inputCount {
                let input = request.input(at: place)
                inputs.append(LeafOutpoint(txid: input.txid, vout: input.vout))
            }
            return SignedInputs(
                wallet: request.walletID(at: 0),
                outpoints: inputs,
                inputCount: inputs.count,
                replacedDigest: request.replacedDigest
            )
        } catch {
            throw .signerFault(.wrongDigest)
        }
    }
}
