import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import SecretMemory
import Wire

/// `release`: the log shows the decisions, the record remembers them, and only then is anything
/// signed.
extension OpenSigner {
    /// More signatures in one release would not fit the answer.
    private static let signatureCountMax = 120_000

    /// Answers `release`.
    mutating func release(
        _ payload: Span<UInt8>,
        _ toSign: inout MessageTransaction,
        _ reply: inout ReplyBuffer
    ) throws(SignerStop) {
        do throws(Fault) {
            let frame = try ReleaseFrame(reading: payload)
            let check = try Fault.refusing(check(frame))
            try Fault.stopping(commit(check))
            try Fault.stopping(sign(frame, check.signatureCount, &toSign, &reply))
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
        let limit = Self.signatureCountMax
        try require(check.signatureCount, atMost: limit, else: .tooManySignatures)
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
        _ signatureCount: Int,
        _ toSign: inout MessageTransaction,
        _ reply: inout ReplyBuffer
    ) throws(SignerStop) {
        let frontCount = SignedHead.byteCount + 2
        let restCount = 2 * frame.entryCount + RequestSigner.signatureByteCount * signatureCount
        reply.set(.released, payloadCount: frontCount + restCount) {
            writer throws(ByteError) in
            try head.sign(home.secrets).write(to: &writer)
            try writer.writeUInt16(UInt16(frame.entryCount))
        }
        try gate.begin(&reply, payloadCount: frontCount)
        var room = reply.payload._consumingExtracting(frontCount...)
        var start = 0
        var entries = frame.entries
        while let entry = entries.next() {
            start += try sign(entry, &toSign, into: &room, at: start)
            slots.clear(entry.slot)
        }
        precondition(start == restCount, "as many signatures as were counted")
    }

    /// Writes `u16 n | signature[64]*n` and gives the count of bytes.
    @_lifetime(room: copy room)
    private mutating func sign(
        _ entry: borrowing ReleaseEntry,
        _ toSign: inout MessageTransaction,
        into room: inout MutableSpan<UInt8>,
        at start: Int
    ) throws(SignerStop) -> Int {
        if MessageRequest.isMessage(entry.resolved) {
            var rest = room._mutatingExtracting((start + 2)...)
            let count = try signMessage(entry.resolved, &toSign, into: &rest)
            room.store(UInt64(count), at: start, byteCount: 2)
            return 2 + RequestSigner.signatureByteCount * count
        }
        let verified: VerifiedRequest
        let request: ResolvedRequest
        do throws(RefusalDetail) {
            request = try ResolvedRequest(checking: entry.resolved)
            verified = try prepare(request)
        } catch {
            // It was read and verified before in this very call: memory is not to be trusted.
            throw .curve(.signingFailed)
        }
        let count = scripts.signatureCount
        room.store(UInt64(count), at: start, byteCount: 2)
        var rest = room._mutatingExtracting((start + 2)...)
        let work = entry.hostNonce.map { KeyWork.signOpened(HostNonce($0)) } ?? .sign
        try SignerStop.computing(
            RequestSigner.make(work, request, verified, scripts, &home, into: &rest)
        )
        return 2 + RequestSigner.signatureByteCount * count
    }

    /// Derives keys and scripts again, and what every signature of the transaction shares.
    mutating func prepare(
        _ request: borrowing ResolvedRequest
    ) throws(RefusalDetail) -> VerifiedRequest {
        guard let wallet = home.wallets.wallet(id: request.walletID(at: 0)) else {
            throw RefusalDetail(.unknownWallet)
        }
        let totals = try RequestTotals(request)
        let record = home.policy.bundle.wallet(at: wallet.place)
        try scripts.load(request, totals, wallet, record, &home.wallets, home.curve)
        return VerifiedRequest(request, wallet, totals, scripts)
    }
}
