private import Bytes
import Wire

/// What comes from the signer, sorted by what it answers.
extension GateServer {
    /// Takes bytes as the socket gave them.
    package func receiveFromSigner(_ bytes: ArraySlice<UInt8>) throws(GateError) {
        for frame in try signer.receive(bytes) { try take(frame) }
        if let front = signer.begunRelease { try prepareReceipts(front) }
    }

    private func take(_ frame: Frame) throws(GateError) {
        guard let expectation = signer.nextExpectation() else {
            guard frame.kind == .statusReply else { throw Self.unexpected(frame) }
            return try greet(frame.payload)
        }
        if frame.kind == .refused {
            return try take(try SignerReplies.refusal(frame.payload), for: expectation)
        }
        guard frame.kind == expectation.kind else { throw Self.unexpected(frame) }
        switch expectation {
        case .status: try takeStatus(frame.payload)
        case .resume: try resumed(frame.payload)
        case .assess(let job): try assessed(job, frame.payload)
        case .release: try released(frame.payload)
        case .advance: try advanced(frame.payload)
        case .address(let client): reply(client, .gateAddressReply, frame.payload)
        case .xpub(let client): reply(client, .gateXpubReply, frame.payload)
        }
    }

    /// A refusal on the merits: what it means depends on what was asked.
    private func take(_ detail: RefusalDetail, for expectation: Expectation) throws(GateError) {
        switch expectation {
        case .status: throw .signerFault(.unexpected(kind: MessageKind.refused.rawValue))
        case .resume, .advance: throw .resumeRefused(code: detail.code)
        case .assess(let job):
            coalescer.count(
                requester: jobs[job].requester,
                code: detail.code,
                at: try source.read().boottime
            )
            jobs.assessed(job, nil, resolved: [])
            refuse(job, .signer, detail)
        case .release: releaseRefused(detail)
        case .address(let client), .xpub(let client):
            let payload = Self.refusal(detail, stage: RefusalStage.signer.rawValue)
            reply(client, .gateRefused, payload)
        }
    }

    private func takeStatus(_ payload: [UInt8]) throws(GateError) {
        status = try SignerReplies.status(payload)
        updateAllowance()
        let waiters = statusWaiters
        statusWaiters = []
        for client in waiters { try replyStatus(to: client) }
    }

    private static func unexpected(_ frame: Frame) -> GateError {
        .signerFault(.unexpected(kind: frame.kind.rawValue))
    }
}
