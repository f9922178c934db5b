import Bytes
private import CLinux
import LocalSocket
import SecretMemory
import Wire

/// What an operator may ask of a sealed signer.
enum OperatorRequest {
    case unlock
    case refill
    case recover
}

/// The operators' socket: one of them at a time, and none can make the signer wait.
///
/// A frame is taken in as it comes; a passphrase goes straight into secret memory. Whatever an
/// operator does wrong ends the connection and nothing else; so does not having sent a whole frame
/// in time, however the bytes are spread over it, for others may be waiting.
struct OperatorDoor: ~Copyable {
    /// The time for a whole frame, from the connection or from the answer before.
    static let frameMilliseconds: Int64 = 10_000

    private let patience: Int64
    /// Nanoseconds of CLOCK_MONOTONIC, a clock that only counts; of the time of day the signer
    /// knows nothing.
    private var deadline: Int64 = 0
    private let listener: Descriptor
    private var caller: Descriptor?
    private var memory: Arena
    private var headCount = 0
    private var request: OperatorRequest?
    private var payloadCount = 0
    private var received = 0

    init(
        _ listener: consuming Descriptor,
        frameMilliseconds: Int64 = frameMilliseconds
    ) throws(SignerStop) {
        patience = frameMilliseconds * 1_000_000
        memory = try Arena(needing: MessageKind.refill.lengthMax)
        self.listener = listener
    }

    /// The descriptor on which something is to happen next.
    var number: Int32 {
        switch caller {
        case .some(let descriptor): descriptor.number
        case .none: listener.number
        }
    }

    /// How long the caller has left; nothing where nobody called.
    var millisecondsLeft: Int32? {
        guard caller != nil else { return nil }
        return Int32(clamping: max(0, deadline - Self.now()) / 1_000_000 + 1)
    }

    /// Hangs up on a caller who did not send a whole frame in time; whether it did.
    mutating func hangUpIfLate(_ secrets: inout HomeSecrets) -> Bool {
        guard caller != nil, Self.now() >= deadline else { return false }
        hangUp(&secrets)
        return true
    }

    private static func now() -> Int64 { linux_clock_nanoseconds(LINUX_CLOCK_MONOTONIC) }

    /// The payload of a refill or recovery that was received whole.
    var payload: Span<UInt8> {
        @_lifetime(borrow self) get { memory.bytes.extracting(0..<payloadCount) }
    }

    /// How many bytes the received payload has. That of an unlock stands in `secrets.words`.
    var byteCount: Int { payloadCount }

    /// Takes a caller, or what the caller sent; gives the request once it is there as a whole.
    mutating func advance(_ secrets: inout HomeSecrets) -> OperatorRequest? {
        do throws(SocketError) {
            guard caller != nil else {
                // Whoever does not take an answer in is hung up on, not waited for.
                caller = try listener.accept(nonblocking: true)
                forget()
                return nil
            }
            guard try receive(&secrets) else { return nil }
            return request
        } catch {
            hangUp(&secrets)
            return nil
        }
    }

    /// Answers, and is ready for the caller's next frame.
    mutating func answer(_ reply: borrowing ReplyBuffer, _ secrets: inout HomeSecrets) {
        do throws(SocketError) {
            try caller?.writeAll(reply.frame)
            secrets.words.wipe()
            forget()
        } catch {
            hangUp(&secrets)
        }
    }

    private mutating func hangUp(_ secrets: inout HomeSecrets) {
        caller = nil
        secrets.words.wipe()
        forget()
    }

    private mutating func forget() {
        headCount = 0
        request = nil
        payloadCount = 0
        received = 0
        deadline = Self.now() + patience
    }

    /// Reads once. Whether the frame is there as a whole.
    private mutating func receive(_ secrets: inout HomeSecrets) throws(SocketError) -> Bool {
        guard let request else {
            let range = headCount..<FrameHeader.byteCount
            headCount += try Self.read(caller, into: &memory, range)
            guard headCount == FrameHeader.byteCount else { return false }
            try readHead()
            return payloadCount == 0
        }
        switch request {
        case .unlock:
            received += try Self.read(caller, into: &secrets.words, received..<payloadCount)
        case .refill, .recover:
            received += try Self.read(caller, into: &memory, received..<payloadCount)
        }
        return received == payloadCount
    }

    private static func read(
        _ caller: borrowing Descriptor?,
        into memory: inout Arena,
        _ range: Range<Int>
    ) throws(SocketError) -> Int {
        var room = memory.mutableBytes._consumingExtracting(range)
        return try read(caller, into: &room)
    }

    private static func read(
        _ caller: borrowing Descriptor?,
        into secret: inout SecretBytes,
        _ range: Range<Int>
    ) throws(SocketError) -> Int {
        var room = secret.mutableBytes._consumingExtracting(range)
        return try read(caller, into: &room)
    }

    @_lifetime(room: copy room)
    private static func read(
        _ caller: borrowing Descriptor?,
        into room: inout MutableSpan<UInt8>
    ) throws(SocketError) -> Int {
        switch caller {
        case .some(let descriptor):
            let got = try descriptor.readSome(into: &room)
            guard got > 0 else { throw .ended(got: 0) }
            return got
        case .none: throw .ended(got: 0)
        }
    }

    private mutating func readHead() throws(SocketError) {
        do throws(FrameError) {
            let header = try FrameHeader(
                reading: memory.bytes.extracting(0..<FrameHeader.byteCount)
            )
            payloadCount = header.payloadCount
            request = try Self.request(header.kind)
        } catch {
            throw .ended(got: headCount)
        }
    }

    private static func request(_ kind: MessageKind) throws(FrameError) -> OperatorRequest {
        guard Phase.sealed.admitsFromOperator(kind) else { throw .notPermitted(kind) }
        if kind == .unlock { return .unlock }
        return kind == .refill ? .refill : .recover
    }
}
