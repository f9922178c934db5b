import Bytes
import LocalSocket
import SecretMemory
import Wire

/// Frames from and to one peer, with memory of its own for what is read piece by piece.
struct FrameChannel: ~Copyable {
    private var descriptor: Descriptor
    /// Bytes of the current payload that were not read from the socket yet.
    private var bodyLeft = 0
    private var piece: Arena
    private var pieceRange = 0..<0

    init(_ descriptor: consuming Descriptor) throws(SignerStop) {
        piece = try SignerStop.needing { () throws(SecretMemoryError) in
            try Arena(byteCount: Descriptor.callBytesMax)
        }
        self.descriptor = descriptor
    }

    /// The number that the kernel knows the socket by.
    var number: Int32 { descriptor.number }

    /// Leaves the closing to the end of the process.
    mutating func pin() {
        descriptor.pin()
    }

    /// Waits for the next frame's header.
    mutating func readHeader() throws(SignerStop) -> FrameHeader {
        precondition(bodyLeft == 0 && pieceRange.isEmpty, "a frame is read to its end")
        var bytes = FixedBytes<5>.zero
        var room = bytes.mutableSpan
        do throws(SocketError) {
            try descriptor.readExactly(into: &room)
        } catch {
            switch error {
            case .ended(got: 0): throw .gateGone
            case .ended: throw .breach(.cutShort)
            case .failed, .wouldBlock: throw .socket(error)
            }
        }
        do throws(FrameError) {
            let header = try FrameHeader(reading: bytes.span)
            bodyLeft = header.payloadCount
            return header
        } catch {
            throw .breach(error)
        }
    }

    /// The bytes of the payload that were not taken yet.
    var left: Int { bodyLeft + pieceRange.count }

    /// Fills `bytes` from the payload, which must have as many left.
    @_lifetime(bytes: copy bytes)
    mutating func take(into bytes: inout MutableSpan<UInt8>) throws(SignerStop) {
        precondition(bytes.count <= left, "a payload has an end")
        let ready = min(bytes.count, pieceRange.count)
        for index in 0..<ready {
            bytes[index] = piece.bytes[pieceRange.lowerBound + index]
        }
        pieceRange = pieceRange.lowerBound + ready..<pieceRange.upperBound
        var rest = bytes._mutatingExtracting(ready...)
        do throws(SocketError) {
            try descriptor.readExactly(into: &rest)
        } catch {
            throw .socket(error)
        }
        bodyLeft -= rest.count
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
        guard pieceRange.isEmpty, bodyLeft > 0 else { return }
        do throws(SocketError) {
            let got = try Self.read(descriptor, into: &piece, countMax: bodyLeft)
            guard got > 0 else { throw SocketError.ended(got: 0) }
            bodyLeft -= got
            pieceRange = 0..<got
        } catch {
            throw .socket(error)
        }
    }

    private static func read(
        _ descriptor: borrowing Descriptor,
        into piece: inout Arena,
        countMax: Int
    ) throws(SocketError) -> Int {
        let count = min(piece.count, countMax)
        var room = piece.mutableBytes._consumingExtracting(0..<count)
        return try descriptor.readSome(into: &room)
    }

    /// What `fill` brought and nobody took yet.
    var atHand: Span<UInt8> {
        @_lifetime(borrow self)
        get { piece.bytes.extracting(pieceRange) }
    }

    /// Takes `count` bytes of what is at hand.
    mutating func skip(_ count: Int) {
        pieceRange = pieceRange.lowerBound + count..<pieceRange.upperBound
    }

    /// Passes over the rest of the payload.
    mutating func drain() throws(SignerStop) {
        while left > 0 {
            try fill()
            skip(pieceRange.count)
        }
    }

    /// Sends a whole frame.
    func send(_ reply: borrowing ReplyBuffer) throws(SignerStop) {
        do throws(SocketError) {
            try descriptor.writeAll(reply.frame)
        } catch {
            throw .socket(error)
        }
    }
}
