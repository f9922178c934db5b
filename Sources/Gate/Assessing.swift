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
        if verdict == .allow { jobs.allow(id) } else { jobs.refused.append(id) }
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
                limitCount: configuration.limits.count
            )
        } catch {
            throw .signerFault(.wrongLeaf)
        }
        let head = decision.head
        guard head.verdict == reply.verdict, head.digest == reply.digest,
            head.refusal == reply.refusal, head.bundleHash == configuration.bundleHash
        else { throw .signerFault(.wrongLeaf) }
        let leaf = [UInt8](copying: reply.leaf)
        guard reply.verdict == .allow else {
            return (reply.verdict, .refused(leaf, decision), [])
        }
        let resolved = try Self.resolved(job.request, count: Int(reply.resolvedByteCount))
        guard TaggedHash.hash(tag: "portcullis/request/1", resolved.span) == reply.digest else {
            throw .signerFault(.wrongDigest)
        }
        let (wallet, inputs) = try Self.inputs(resolved)
        guard let facts = decision.facts, !decision.candidates.isEmpty,
            inputs.contains(facts.anchor)
        else { throw .signerFault(.wrongLeaf) }
        let perInput = configuration.signaturesPerInputMax[HashKey(wallet)] ?? 1
        let assessed = AssessedRequest(
            leaf: leaf,
            decision: decision,
            inputs: inputs,
            signatureCountMax: min(perInput * inputs.count, AssessedRequest.signatureCountMax)
        )
        return (reply.verdict, assessed, resolved)
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

    /// The wallet that pays, and the outpoints that are spent.
    private static func inputs(
        _ resolved: [UInt8]
    ) throws(GateError) -> (Bytes32, [LeafOutpoint]) {
        do throws(RefusalDetail) {
            let request = try ResolvedRequest(checking: resolved.span)
            var inputs: [LeafOutpoint] = []
            inputs.reserveCapacity(request.inputCount)
            for place in 0..<request.inputCount {
                let input = request.input(at: place)
                inputs.append(LeafOutpoint(txid: input.txid, vout: input.vout))
            }
            return (request.walletID(at: 0), inputs)
        } catch {
            throw .signerFault(.wrongDigest)
        }
    }
}
