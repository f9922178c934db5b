private import BitcoinCrypto
private import Bytes
private import Policy
package import Wire

/// The part of the gate that refused, as a client is told.
enum RefusalStage: UInt8 {
    case signer = 1
    case limit = 2
    case gate = 3
}

/// What comes from clients.
extension GateServer {
    /// `walletID[32] | u8 branch | u32 index`.
    private static let addressByteCount = 37
    /// `walletID[32] | u8 key`.
    private static let xpubByteCount = 33
    /// Of one signature (`openingWork`): about 80 microseconds.
    private static let openingWork = 25

    /// Takes a whole frame, of a kind that the role admits, of a client whose uid the kernel told.
    package func receive(
        _ frame: Frame,
        from client: ClientID,
        requester: UInt32,
        role: ClientRole = .front
    ) throws(GateError) {
        if frame.kind == .gateStatus { return try askStatus(for: client) }
        guard phase == .serving else { return refuse(client, .notServing) }
        // A question of any other size would end the signer's session.
        if frame.kind == .gateAddress {
            guard frame.payload.count == Self.addressByteCount else {
                return refuse(client, .malformedFrame)
            }
            return signer.send(.address, [frame.payload], expecting: .address(client))
        }
        if frame.kind == .gateXpub {
            guard frame.payload.count == Self.xpubByteCount else {
                return refuse(client, .malformedFrame)
            }
            return signer.send(.xpub, [frame.payload], expecting: .xpub(client))
        }
        guard let (purpose, request) = Self.request(frame) else {
            return refuse(client, .malformedFrame)
        }
        let key = JobKey(
            requester: requester,
            role: role,
            hash: HashKey(SHA256.hash(request.span)),
            purpose: purpose
        )
        guard Self.isContributed(request, purpose) else {
            let detail = RefusalDetail(.antiExfilNonceMismatch)
            try countRefusal(.antiExfilNonceMismatch, requester: requester)
            return reply(client, .gateRefused, Self.refusal(detail))
        }
        let work = work(of: request)
        guard jobs.add(key, request, work: work, for: client) else {
            return refuse(client, .busy)
        }
    }

    /// What the signer will have to do for a request before it can refuse it. Of what it refuses at
    /// once: as good as nothing.
    private func work(of request: [UInt8]) -> Int {
        do throws(ByteError) {
            var reader = ByteReader(request.span)
            let resolved = try reader.readVec32(limit: ResolvedRequest.byteCountMax)
            return work(resolved: resolved)
        } catch {
            return 0
        }
    }

    private func work(resolved bytes: Span<UInt8>) -> Int {
        do throws(RefusalDetail) {
            let (wallet, count): (Bytes32, Int)
            if MessageRequest.isMessage(bytes) {
                let request = try MessageRequest(checking: bytes)
                (wallet, count) = (request.walletID, 1 + request.inputCount)
            } else {
                let request = try ResolvedRequest(checking: bytes)
                (wallet, count) = (request.walletID(at: 0), request.addressCount)
            }
            let work = count * (configuration.addressWork[HashKey(wallet)] ?? 0)
            guard work <= WalletRecord.requestWorkMax else { return 0 }
            // The nonces are opened after the check, for which all is derived once more.
            guard ResolvedRequest.isOpened(bytes) else { return work }
            return try 2 * work + openingWork(bytes, wallet)
        } catch {
            return 0
        }
    }

    /// What it takes to open the nonces of a request, in units of the work to derive: a key and a
    /// point for each signature.
    private func openingWork(
        _ bytes: Span<UInt8>,
        _ wallet: Bytes32
    ) throws(RefusalDetail) -> Int {
        let most = configuration.signaturesPerInputMax[HashKey(wallet)] ?? 1
        let count = try ResolvedRequest(checking: bytes).inputCount * most
        return Self.openingWork * min(count, AssessedRequest.signatureCountMax)
    }

    /// Whether what the host contributes to the nonces fits what is asked: a commitment to open,
    /// and to sign with it what it commits to. What cannot be read the signer refuses.
    private static func isContributed(_ request: [UInt8], _ purpose: JobPurpose) -> Bool {
        do {
            var reader = ByteReader(request.span)
            let resolved = try reader.readVec32(limit: ResolvedRequest.byteCountMax)
            if MessageRequest.isMessage(resolved) { return purpose == .sign }
            let commitment = try ResolvedRequest(checking: resolved).commitment
            switch purpose {
            case .sign: return commitment == nil
            case .open: return commitment != nil
            case .signOpened(let nonce):
                return HostNonce(Bytes32(copying: nonce.span)).commitment == commitment
            }
        } catch {
            return true
        }
    }

    /// What is asked of which SigningRequest.
    private static func request(_ frame: Frame) -> (JobPurpose, [UInt8])? {
        switch frame.kind {
        case .sign: return (.sign, frame.payload)
        case .open: return (.open, frame.payload)
        case .signOpened:
            guard frame.payload.count >= 32 else { return nil }
            return (.signOpened(Array(frame.payload[..<32])), Array(frame.payload[32...]))
        case _: preconditionFailure("a kind that `admits` lets through")
        }
    }

    /// Counts a refusal that never became a request, such as one that came too slowly.
    package func countRefusal(_ refusal: Refusal, requester: UInt32) throws(GateError) {
        let boottime = try source.read().boottime
        coalescer.count(requester: requester, code: refusal.rawValue, at: boottime)
    }

    /// Forgets a client. What it asked for goes on where the signer has seen it.
    package func leave(_ client: ClientID) {
        jobs.leave(client)
        statusWaiters.removeAll { $0 == client }
    }

    /// The payload of a `gate-refused`.
    package static func refusal(_ detail: RefusalDetail, stage: UInt8 = 3) -> [UInt8] {
        .written(limit: 1 + RefusalDetail.byteCount) { writer throws(ByteError) in
            try writer.writeUInt8(stage)
            try detail.write(to: &writer)
        }
    }

    func refuse(_ client: ClientID, _ refusal: Refusal) {
        reply(client, .gateRefused, Self.refusal(RefusalDetail(refusal)))
    }

    /// Ends a job with a refusal to everyone who waits for it.
    func refuse(_ job: Int, _ stage: RefusalStage, _ detail: RefusalDetail) {
        let payload = Self.refusal(detail, stage: stage.rawValue)
        for client in jobs.finish(job) { reply(client, .gateRefused, payload) }
    }
}

/// What the gate says of itself.
extension GateServer {
    /// Asks the signer for its status, once for all clients that want it now.
    private func askStatus(for client: ClientID) throws(GateError) {
        guard log != nil else { return try replyStatus(to: client) }
        statusWaiters.append(client)
        if statusWaiters.count == 1 { signer.send(.status, [], expecting: .status) }
    }

    /// `u8 phase | vec16 status | u64 size | u16 n | (u64 amount | u32 count)*n | u64 boottime`.
    func replyStatus(to client: ClientID) throws(GateError) {
        var usages: [LimitUsage] = []
        if let log { usages = log.usage(at: try source.read()) }
        let (status, size, started) = (status, log?.size ?? 0, startedBoottime)
        let isServing = phase == .serving
        let limit = 1 + 2 + SignerStatus.byteCount + 8 + 2 + 12 * usages.count + 8
        let payload = [UInt8].written(limit: limit) { writer throws(ByteError) in
            try writer.writeUInt8(isServing ? 1 : 0)
            try writer.writeUInt16(UInt16(SignerStatus.byteCount))
            try status.write(to: &writer)
            try writer.writeUInt64(size)
            try writer.writeUInt16(UInt16(usages.count))
            for usage in usages {
                try writer.writeUInt64(UInt64(clamping: usage.amount))
                try writer.writeUInt32(UInt32(clamping: usage.count))
            }
            try writer.writeUInt64(started)
        }
        reply(client, .gateStatusReply, payload)
    }
}
