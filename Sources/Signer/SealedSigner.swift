import Bytes
package import LocalSocket
import SecretMemory
import Wire

/// What the kernel granted, as leaves and status name it (protocol.md, section 7).
package struct KernelState: Equatable, Sendable {
    package let bits: UInt32
    package let landlockABI: UInt32

    package init(bits: UInt32, landlockABI: UInt32) {
        self.bits = bits
        self.landlockABI = landlockABI
    }
}

/// The signer before it has keys: it says so to the gate, and listens to one operator at a time.
package struct SealedSigner: ~Copyable {
    var home: Home
    var gate: FrameChannel
    private var door: OperatorDoor
    private(set) var held: HeldStatement
    private var reply: ReplyBuffer
    private let kernel: KernelState
}

extension SealedSigner {
    package init(
        home: consuming Home,
        gate: consuming Descriptor,
        listener: consuming Descriptor,
        kernel: KernelState,
        frameMilliseconds: Int64 = OperatorDoor.frameMilliseconds
    ) throws(SignerStop) {
        self.init(
            home: home,
            gate: try FrameChannel(gate),
            door: try OperatorDoor(listener, frameMilliseconds: frameMilliseconds),
            held: try HeldStatement(),
            reply: try ReplyBuffer(payloadCountMax: 1 << 10),
            kernel: kernel
        )
    }

    /// Serves until an operator's passphrase opens the keystore. The operator is answered before it
    /// returns.
    package mutating func run() throws(SignerStop) -> Unlocked {
        while true {
            if let unlocked = try step(milliseconds: nil) { return unlocked }
        }
    }

    /// Waits for one thing to happen, at most so long, and sees to it. That an operator takes too
    /// long is such a thing.
    package mutating func step(milliseconds: Int32?) throws(SignerStop) -> Unlocked? {
        var entries = InlineArray<2, PollEntry>(repeating: PollEntry(gate.number))
        entries[1] = PollEntry(door.number)
        var span = entries.mutableSpan
        let timeout = Self.least(milliseconds, door.millisecondsLeft)
        _ = try SignerStop.using(Poll.wait(&span, milliseconds: timeout))
        if entries[0].isReadable {
            repeat { try answerGate() } while gate.isAhead
        }
        guard !door.hangUpIfLate(&home.secrets), entries[1].isReadable,
            let request = door.advance(&home.secrets)
        else { return nil }
        let unlocked = answer(request)
        if let unlocked { try home.state.settle(unlocked.record) }
        door.answer(reply, &home.secrets)
        return unlocked
    }

    private static func least(_ first: Int32?, _ second: Int32?) -> Int32? {
        guard let first else { return second }
        guard let second else { return first }
        return min(first, second)
    }

    private mutating func answerGate() throws(SignerStop) {
        let header = try gate.readHeader()
        guard Phase.sealed.admitsFromGate(header.kind) else {
            throw .breach(.notPermitted(header.kind))
        }
        var status = SignerStatus(phase: .sealed)
        status.kernel = kernel.bits
        status.build = StateRecord.build
        status.landlockABI = kernel.landlockABI
        reply.set(.statusReply) { writer throws(ByteError) in try status.write(to: &writer) }
        try gate.send(reply)
    }

    /// Puts the answer to an operator into `reply`.
    private mutating func answer(_ request: OperatorRequest) -> Unlocked? {
        do throws(RefusalDetail) {
            var unlocked: Unlocked?
            switch request {
            case .refill:
                try held.hold(door, of: .refill)
                setDone(.refillHeld)
            case .recover:
                try held.hold(door, of: .recover)
                setDone(.recoverHeld)
            case .unlock:
                let opened = try unlock()
                setDone(.unlocked, opened)
                unlocked = opened
            }
            return unlocked
        } catch {
            reply.set(error)
            return nil
        }
    }

    private mutating func unlock() throws(RefusalDetail) -> Unlocked {
        let count = door.byteCount
        guard count >= 2,
            home.secrets.words.bytes.number(at: 0, byteCount: 2) == UInt64(count - 2)
        else { throw RefusalDetail(.malformedRequest) }
        do throws(RefusalDetail) {
            return try home.unlock(passphrase: 2..<count, held)
        } catch {
            // A slip of the finger does not cost the admins' signatures.
            if error.code != Refusal.wrongPassphrase.rawValue { held.drop() }
            throw error
        }
    }

    /// An operator is told the log's key by the signer itself: whoever stands in between could name
    /// one of their own.
    private mutating func setDone(_ kind: MessageKind, _ unlocked: Unlocked? = nil) {
        reply.set(kind) { writer throws(ByteError) in
            try writer.writeUInt8(1)
            guard let unlocked else { return }
            try writer.writeUInt32(unlocked.logNumber)
            try writer.write(unlocked.auditPublicKey)
        }
    }
}
