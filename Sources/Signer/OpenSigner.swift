import Bitcoin
import Bytes
import LocalSocket
import SecretMemory
import Transparency
package import Wire

/// The signer with its keys: it serves the gate and nobody else.
///
/// All of its memory is taken here, before the last lock-down. Afterwards it makes no system call
/// but to read and write the gate's socket, to store its record, and to end.
package struct OpenSigner: ~Copyable {
    var home: Home
    var gate: FrameChannel
    package private(set) var phase = Phase.unresumed
    /// As it was stored last.
    package internal(set) var record: StateRecord
    var head: LogHead
    let eventLeaves: EventLeaves
    var events: SignerEvents
    let auditPublicKey: Bytes32
    let kernel: KernelState

    var slots: SlotTable
    var order: OutpointOrder
    /// The parent at hand.
    var parent: Arena
    var parents: ParentCheck
    var scripts: InputScripts
    var leaf: LeafDraft

    /// The time that the gate may not go behind. A log that begins with a recovery begins its own:
    /// a stolen gate may have pushed that of the lost one to the end of time.
    var timeFloor: UInt64 { events.isRecoveryPending ? 0 : record.lastTime }
}

extension OpenSigner {
    /// Goes on from a sealed signer that was unlocked; the operators' socket is closed. `kernel` is
    /// what will be in force once the last lock-down succeeded.
    package init(
        _ sealed: consuming SealedSigner,
        _ unlocked: Unlocked,
        kernel: KernelState
    ) throws(SignerStop) {
        let isRecovery = unlocked.effect == .recover
        let head = LogHead(
            number: unlocked.logNumber,
            origin: unlocked.origin,
            root: isRecovery ? Merkle.emptyRoot : unlocked.record.root
        )
        let eventLeaves = try EventLeaves(
            unlocked.record,
            unlocked.effect,
            sealed.held,
            head: head,
            kernel: kernel,
            leafKey: sealed.home.secrets.leafKey
        )
        let events = SignerEvents(eventLeaves, unlocked.effect)
        self.init(
            home: sealed.home,
            gate: sealed.gate,
            record: unlocked.record,
            head: head,
            eventLeaves: eventLeaves,
            events: events,
            auditPublicKey: unlocked.auditPublicKey,
            kernel: kernel,
            slots: try SlotTable(),
            order: try OutpointOrder(),
            parent: try Arena(needing: LegacyParent.byteCountMax),
            parents: try ParentCheck(),
            scripts: try InputScripts(),
            leaf: try LeafDraft()
        )
        // After the lock-down close(2) would kill; the kernel closes them at the end.
        gate.pin()
        home.state.pin()
    }

    /// Tells the gate that the keys are there, unasked, then answers it until it goes.
    package mutating func serve(_ frames: inout FrameMemory) -> SignerStop {
        do throws(SignerStop) {
            try greet(&frames)
            while true {
                try step(&frames)
            }
        } catch {
            phase = .closed
            return error
        }
    }

    /// Sends the status that nobody asked for.
    package mutating func greet(_ frames: inout FrameMemory) throws(SignerStop) {
        setStatus(&frames.reply)
        try gate.send(frames.reply)
    }

    /// Reads and answers one frame. What the phase does not admit ends the session.
    package mutating func step(_ frames: inout FrameMemory) throws(SignerStop) {
        try answer(&frames.payload, &frames.toSign, &frames.reply)
        try gate.send(frames.reply)
    }

    private mutating func answer(
        _ payload: inout Arena,
        _ toSign: inout MessageTransaction,
        _ reply: inout ReplyBuffer
    ) throws(SignerStop) {
        let header = try gate.readHeader()
        guard phase.admitsFromGate(header.kind) else { throw .breach(.notPermitted(header.kind)) }
        switch header.kind {
        case .status: setStatus(&reply)
        case .resume:
            let message = try take(header, &payload)
            if try resume(message, &reply) { phase = .ready }
        case .assess: try assess(&payload, &toSign, &reply)
        case .release: try release(try take(header, &payload), &toSign, &reply)
        case .advance: try advance(try take(header, &payload), &reply)
        case .address: try setAddress(try take(header, &payload), &reply)
        case .xpub: try setXpub(try take(header, &payload), &reply)
        case .unlock, .refill, .recover, .sign, .open, .signOpened, .gateStatus, .gateAddress,
            .gateXpub, .statusReply, .opened,
            .resumed, .assessed, .released, .advanced, .addressReply, .xpubReply, .unlocked,
            .refillHeld, .recoverHeld, .signed, .gateStatusReply, .gateAddressReply,
            .gateXpubReply, .gateRefused, .refused:
            throw .breach(.notPermitted(header.kind))
        }
    }

    /// Reads the rest of a frame into `payload`.
    @_lifetime(&payload)
    private mutating func take(
        _ header: FrameHeader,
        _ payload: inout Arena
    ) throws(SignerStop) -> Span<UInt8> {
        try gate.take(header.payloadCount, into: &payload)
        return payload.bytes.extracting(0..<header.payloadCount)
    }

    private func setStatus(_ reply: inout ReplyBuffer) {
        var status = SignerStatus(phase: phase)
        status.network = record.network
        status.homeID = record.homeID
        status.logNumber = head.number
        status.logSize = head.number == record.logNumber ? record.logSize : 0
        status.root = head.root
        status.epoch = record.epoch
        status.bundleHash = record.bundleHash
        status.allowanceTotal = record.allowanceTotal
        status.allowanceSpent = record.allowanceSpent
        status.lastTime = timeFloor
        status.auditPublicKey = auditPublicKey
        status.kernel = kernel.bits
        status.build = StateRecord.build
        status.landlockABI = kernel.landlockABI
        reply.set(.statusReply) { writer throws(ByteError) in try status.write(to: &writer) }
    }
}

/// The large buffers of a session, apart from the signer so that it can change while they are
/// read.
package struct FrameMemory: ~Copyable {
    /// A payload that was read as a whole, or the resolved part of a request to assess.
    var payload: Arena
    /// The virtual transaction of the message at hand.
    var toSign: MessageTransaction
    var reply: ReplyBuffer
}

extension FrameMemory {
    package init() throws(SignerStop) {
        self.init(
            payload: try Arena(needing: MessageKind.release.lengthMax),
            toSign: try MessageTransaction(),
            reply: try ReplyBuffer(payloadCountMax: MessageKind.released.lengthMax - 1)
        )
    }
}
