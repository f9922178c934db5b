import Bytes
import SecretMemory
import Transparency
import Wire

/// `resume` and `advance`: the log grows, and the signer with it.
extension OpenSigner {
    /// Answers `resume`. Whether the gate's log is the one that the record remembers.
    mutating func resume(
        _ payload: Span<UInt8>,
        _ reply: inout ReplyBuffer
    ) throws(SignerStop) -> Bool {
        do throws(Fault) {
            let message = try ResumeMessage(reading: payload)
            try Fault.refusing(check(message))
            var next = head
            try Fault.refusing(next.resume(message.range))
            try grow(next, message.leafHashes, time: timeFloor)
        } catch {
            try answer(error, &reply)
            return false
        }
        let signed = head.sign(home.secrets)
        reply.set(.resumed) { writer throws(ByteError) in
            try signed.write(to: &writer)
            try events.write(eventLeaves, to: &writer)
        }
        return true
    }

    /// Answers `advance`: `u64 time | u32 m | leafHash[32]*m`.
    mutating func advance(
        _ payload: Span<UInt8>,
        _ reply: inout ReplyBuffer
    ) throws(SignerStop) {
        do throws(Fault) {
            let message = try AdvanceMessage(reading: payload)
            try Fault.refusing(require(message.time, atLeast: timeFloor, else: .timeWentBack))
            try grow(head, message.leafHashes, time: message.time)
        } catch {
            return try answer(error, &reply)
        }
        let signed = head.sign(home.secrets)
        reply.set(.advanced) { writer throws(ByteError) in try signed.write(to: &writer) }
    }

    /// Puts a refusal in place of the answer; anything worse ends the session.
    func answer(_ fault: Fault, _ reply: inout ReplyBuffer) throws(SignerStop) {
        switch fault {
        case .refused(let refusal): reply.set(refusal)
        case .stop(let stop): throw stop
        }
    }

    /// Holds what the gate shows of its log against the record.
    private func check(_ message: borrowing ResumeMessage) throws(RefusalDetail) {
        let size = events.isRecoveryPending ? 0 : record.logSize
        try require(message.logNumber, equals: head.number, else: .frontierMismatch)
        try require(message.range.size, atLeast: size, else: .logBehindSigner)
        try require(message.range.size, atMost: size, else: .frontierMismatch)
        let seen = message.checkpoint
        guard seen.size > 0 else {
            // None is spelled in one way only.
            let isSpelled = seen.root == .zero && seen.signature == .zero
            return try require(isSpelled, else: .checkpointForged)
        }
        try require(head.isSigned(seen, auditPublicKey), else: .checkpointForged)
        // Two roots of one size: the record was put back, and the log went another way since.
        let isPast = seen.size < size || seen.size == size && seen.root == head.root
        try require(isPast, else: .stateRolledBack, expected: size, found: seen.size)
    }

    /// Appends leaves to `next` and makes the record durable that says so.
    private mutating func grow(
        _ next: LogHead,
        _ leafHashes: Span<UInt8>,
        time: UInt64
    ) throws(Fault) {
        if events.isRecoveryPending, leafHashes.count > 0,
            LogHead.hash(0, leafHashes) != events.firstHash
        {
            throw .refused(RefusalDetail(.frontierMismatch))
        }
        var next = next
        next.append(leafHashes)
        var nextEvents = events
        var nextRecord = record
        nextEvents.note(leafHashes, head: next, &nextRecord)
        // A log that begins with a recovery is the record's only once the recovery stands in it.
        if !nextEvents.isRecoveryPending {
            nextRecord.take(next, time: time)
            try Fault.stopping(home.state.store(&nextRecord, home.secrets))
        }
        (head, events, record) = (next, nextEvents, nextRecord)
    }
}

extension StateRecord {
    /// Takes over a head of the log and the gate's time.
    mutating func take(_ head: LogHead, time: UInt64) {
        logNumber = head.number
        logSize = head.range.size
        root = head.root
        lastTime = time
    }
}

/// `u32 logNumber | u64 size | u8 n | hash[32]*n | checkpoint | u32 m | leafHash[32]*m`.
private struct ResumeMessage: ~Escapable {
    let logNumber: UInt32
    let range: CompactRange
    let checkpoint: SignedHead
    let leafHashes: Span<UInt8>

    @_lifetime(copy bytes)
    init(reading bytes: Span<UInt8>) throws(Fault) {
        var reader = ByteReader(bytes)
        do throws(ByteError) {
            logNumber = try reader.readUInt32()
            let size = try reader.readUInt64()
            let hashes = try reader.readSpan(32 * Int(try reader.readUInt8()))
            do throws(TransparencyError) {
                range = try CompactRange(size: size, hashes: hashes)
            } catch {
                throw .nonCanonical
            }
            checkpoint = try SignedHead(reading: &reader)
            leafHashes = try reader.readLeafHashes()
            try reader.finish()
        } catch {
            throw .stop(.malformed(.resume))
        }
    }
}

/// `u64 time | u32 m | leafHash[32]*m`.
private struct AdvanceMessage: ~Escapable {
    let time: UInt64
    let leafHashes: Span<UInt8>

    @_lifetime(copy bytes)
    init(reading bytes: Span<UInt8>) throws(Fault) {
        var reader = ByteReader(bytes)
        do throws(ByteError) {
            time = try reader.readUInt64()
            leafHashes = try reader.readLeafHashes()
            try reader.finish()
        } catch {
            throw .stop(.malformed(.advance))
        }
    }
}

extension ByteReader {
    /// `u32 m | leafHash[32]*m`: the hashes, 32 bytes each.
    @_lifetime(copy self)
    mutating func readLeafHashes() throws(ByteError) -> Span<UInt8> {
        let count = Int(try readUInt32())
        return try readSpan(32 * count)
    }
}
