import Bitcoin
import BitcoinCrypto
import Bytes
import SecretMemory
import Wire

/// `release`: the log shows the decisions, the record remembers them, and only then is anything
/// signed.
extension OpenSigner {
    /// More inputs in one release would not fit the answer.
    private static let inputCountMax = 120_000

    /// Answers `release`.
    mutating func release(_ payload: Span<UInt8>, _ reply: inout ReplyBuffer) throws(SignerStop) {
        do throws(GateFault) {
            let frame = try ReleaseFrame(reading: payload)
            let check: ReleaseCheck
            do throws(RefusalDetail) {
                check = try self.check(frame)
            } catch {
                throw .refused(error)
            }
            do throws(SignerStop) {
                try commit(check)
                try sign(frame, inputCount: check.inputCount, &reply)
            } catch {
                throw .stop(error)
            }
        } catch {
            try answer(error, &reply)
        }
    }

    /// Whether all of the release is good; nothing has changed so far.
    private func check(_ frame: borrowing ReleaseFrame) throws(RefusalDetail) -> ReleaseCheck {
        guard !events.isPending else { throw RefusalDetail(.eventsPending) }
        var next = head
        next.append(frame.leafHashes)
        var check = ReleaseCheck(before: head, after: next, record: record)
        var entries = frame.entries
        while let entry = entries.next() {
            try check.add(entry, frame.leafHashes, slots, home)
        }
        guard check.inputCount <= Self.inputCountMax else {
            throw RefusalDetail(
                .tooManyInputs,
                expected: Self.inputCountMax,
                found: check.inputCount
            )
        }
        return check
    }

    /// Makes durable what the release changes, before anything is signed on it.
    private mutating func commit(_ check: ReleaseCheck) throws(SignerStop) {
        var next = record
        next.take(check.after, time: check.time)
        next.allowanceSpent += check.outflow
        for place in 0..<check.freshCount {
            home.state.remember(check.fresh[place], &next)
        }
        try home.state.store(&next, home.secrets)
        record = next
        head = check.after
    }

    /// Signs the checkpoint, then every input, into the answer. The gate has the checkpoint as soon
    /// as it is signed, and verifies it while the inputs are being signed.
    private mutating func sign(
        _ frame: borrowing ReleaseFrame,
        inputCount: Int,
        _ reply: inout ReplyBuffer
    ) throws(SignerStop) {
        let frontCount = SignedHead.byteCount + 2
        let signaturesCount = 2 * frame.entryCount + Bytes64.zero.span.count * inputCount
        reply.set(.released, payloadCount: frontCount + signaturesCount) {
            writer throws(ByteError) in
            try head.sign(home.secrets).write(to: &writer)
            try writer.writeUInt16(UInt16(frame.entryCount))
        }
        try gate.begin(&reply, payloadCount: frontCount)
        var room = reply.payload._consumingExtracting(frontCount...)
        var writer = ByteWriter(&room)
        var entries = frame.entries
        while let entry = entries.next() {
            try sign(entry, &writer)
            slots.clear(entry.slot)
        }
        precondition(writer.count == signaturesCount, "as many signatures as there are inputs")
    }

    private mutating func sign(
        _ entry: borrowing ReleaseEntry,
        _ writer: inout ByteWriter
    ) throws(SignerStop) {
        let verified: VerifiedRequest
        let request: ResolvedRequest
        do throws(RefusalDetail) {
            request = try ResolvedRequest(checking: entry.resolved)
            verified = try prepare(request)
        } catch {
            // It was read and verified before in this very call: memory is not to be trusted.
            throw .curve(.signingFailed)
        }
        do throws(CryptoError) {
            try RequestSigner.sign(request, verified, scripts, &home, &writer)
        } catch {
            throw .curve(error)
        }
    }

    /// Derives keys and scripts again, and what every signature of the transaction shares.
    private mutating func prepare(
        _ request: borrowing ResolvedRequest
    ) throws(RefusalDetail) -> VerifiedRequest {
        guard let wallet = home.wallets.wallet(id: request.walletID(at: 0)) else {
            throw RefusalDetail(.unknownWallet)
        }
        let totals = try RequestTotals(request, kind: wallet.kind)
        try scripts.load(request, wallet, &home.wallets.keys, home.curve)
        return VerifiedRequest(request, wallet, totals, scripts)
    }
}
