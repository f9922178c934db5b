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
        piece = try Arena(needing: Descriptor.callBytesMax)
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

    /// Takes the next bytes of the payload to the front of `memory`.
    mutating func take(_ count: Int, into memory: inout Arena) throws(SignerStop) {
        var room = memory.mutableBytes._consumingExtracting(0..<count)
        try take(into: &room)
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
        try SignerStop.using(descriptor.readExactly(into: &rest))
        left -= rest.count
    }

    /// The next bytes of the payload, at most four, as a number, if there are as many.
    mutating func takeNumber(byteCount: Int) throws(SignerStop) -> Int? {
        guard left >= byteCount else { return nil }
        var bytes = FixedBytes<4>.zero
        var room = bytes.mutableSpan._consumingExtracting(0..<byteCount)
        try take(into: &room)
        return Int(bytes.span.number(at: 0, byteCount: byteCount))
    }

    /// Passes over the rest of the payload.
    mutating func drain() throws(SignerStop) {
        while left > 0 {
            if ready.isEmpty { try SignerStop.using(refill()) }
            let count = min(ready.count, left)
            ready = ready.lowerBound + count..<ready.upperBound
            left -= count
        }
    }

    /// Sends what was not sent yet of a whole frame.
    func send(_ reply: borrowing ReplyBuffer) throws(SignerStop) {
        try SignerStop.using(descriptor.writeAll(reply.unsent))
    }

    /// Sends the header and the first bytes of a payload whose rest is still to be made.
    func begin(_ reply: inout ReplyBuffer, payloadCount: Int) throws(SignerStop) {
        try SignerStop.using(descriptor.writeAll(reply.begin(payloadCount: payloadCount)))
    }
}
