import Bytes
import LocalSocket
import SecretMemory
import Wire

/// Frames from and to one peer. One read takes in whatever has come, up to the size of the memory
/// kept for it, so that a small frame costs one system call.
struct FrameChannel: ~Copyable {
    private var descriptor: Descriptor
    /// Bytes of the current payload that were not taken yet.
    private(set) var left = 0
    private var piece: Arena
    /// What was read and not taken yet; it may reach into the frames after the current one.
    private var ready = 0..<0

    init(_ descriptor: consuming Descriptor) throws(SignerStop) {
        piece = try SignerStop.needing { () throws(SecretMemoryError) in
            try Arena(byteCount: Descriptor.callBytesMax)
        }
        self.descriptor = descriptor
    }

    /// The number that the kernel knows the socket by.
    var number: Int32 { descriptor.number }

    /// Whether some of the next frame was read already, so that the kernel would not tell of it.
    var isAhead: Bool { ready.count > left }

    /// Leaves the closing to the end of the process.
    mutating func pin() {
        descriptor.pin()
    }

    /// Waits for the next frame's header.
    mutating func readHeader() throws(SignerStop) -> FrameHeader {
        precondition(left == 0, "a frame is read to its end")
        var bytes = FixedBytes<5>.zero
        var count = 0
        while count < bytes.span.count {
            if ready.isEmpty {
                do throws(SocketError) {
                    try refill()
                } catch {
                    switch error {
                    case .ended where count == 0: throw .gateGone
                    case .ended: throw .breach(.cutShort)
                    case .failed, .wouldBlock: throw .socket(error)
                    }
                }
            }
            bytes[count] = piece.bytes[ready.lowerBound]
            ready = ready.lowerBound + 1..<ready.upperBound
            count += 1
        }
        do throws(FrameError) {
            let header = try FrameHeader(reading: bytes.span)
            left = header.payloadCount
            return header
        } catch {
            throw .breach(error)
        }
    }

    /// Reads what has come, and waits if nothing has.
    private mutating func refill() throws(SocketError) {
        let got = try Self.read(descriptor, into: &piece)
        guard got > 0 else { throw .ended(got: 0) }
        ready = 0..<got
    }

    private static func read(
        _ descriptor: borrowing Descriptor,
        into piece: inout Arena
    ) throws(SocketError) -> Int {
        var room = piece.mutableBytes
        return try descriptor.readSome(into: &room)
    }

    /// Fills `bytes` from the payload, which must have as many left.
    @_lifetime(bytes: copy bytes)
    mutating func take(into bytes: inout MutableSpan<UInt8>) throws(SignerStop) {
        precondition(bytes.count <= left, "a payload has an end")
        let count = min(bytes.count, ready.count)
        for index in 0..<count {
            bytes[index] = piece.bytes[ready.lowerBound + index]
        }
        ready = ready.lowerBound + count..<ready.upperBound
        left -= count
        guard count < bytes.count else { return }
        // All that is asked for belongs to this payload, so it may go straight to its place.
        var rest = bytes._mutatingExtracting(count...)
        do throws(SocketError) {
            try descriptor.readExactly(into: &rest)
        } catch {
            throw .socket(error)
        }
        left -= rest.count
    }

    /// The next four bytes of the payload as a number, if there are as many.
    mutating func takeUInt32() throws(SignerStop) -> UInt32? {
        guard left >= 4 else { return nil }
        var bytes = FixedBytes<4>.zero
        var room = bytes.mutableSpan
        try take(into: &room)
        return UInt32(bytes.span.number(at: 0, byteCount: 4))
    }

    /// The next two bytes of the payload as a number, if there are as many.
    mutating func takeUInt16() throws(SignerStop) -> UInt16? {
        guard left >= 2 else { return nil }
        var bytes = FixedBytes<2>.zero
        var room = bytes.mutableSpan
        try take(into: &room)
        return UInt16(bytes.span.number(at: 0, byteCount: 2))
    }

    /// The part of the payload that is at hand, after reading more if there was none. Empty at the
    /// end.
    mutating func fill() throws(SignerStop) {
        guard ready.isEmpty, left > 0 else { return }
        do throws(SocketError) {
            try refill()
        } catch {
            throw .socket(error)
        }
    }

    /// What `fill` brought of the payload and nobody took yet.
    var atHand: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            piece.bytes.extracting(ready.lowerBound..<ready.lowerBound + min(ready.count, left))
        }
    }

    /// Takes `count` bytes of what is at hand.
    mutating func skip(_ count: Int) {
        precondition(count <= left, "a payload has an end")
        ready = ready.lowerBound + count..<ready.upperBound
        left -= count
    }

    /// Passes over the rest of the payload.
    mutating func drain() throws(SignerStop) {
        while left > 0 {
            try fill()
            skip(min(ready.count, left))
        }
    }

    /// Sends what was not sent yet of a whole frame.
    func send(_ reply: borrowing ReplyBuffer) throws(SignerStop) {
        do throws(SocketError) {
            try descriptor.writeAll(reply.unsent)
        } catch {
            throw .socket(error)
        }
    }

    /// Sends the header and the first bytes of a payload whose rest is still to be made.
    func begin(_ reply: inout ReplyBuffer, payloadCount: Int) throws(SignerStop) {
        do throws(SocketError) {
            try descriptor.writeAll(reply.begin(payloadCount: payloadCount))
        } catch {
            throw .socket(error)
        }
    }
}
