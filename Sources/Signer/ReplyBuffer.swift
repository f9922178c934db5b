import Bytes
import SecretMemory
import Wire

/// Where an answer is put together: room for its header, then the payload.
struct ReplyBuffer: ~Copyable {
    private var memory: Arena
    private var count = 0
    /// The bytes at the front that the gate has already.
    private var sentCount = 0

    /// Room for payloads of up to `payloadCountMax` bytes.
    init(payloadCountMax: Int) throws(SignerStop) {
        memory = try Arena(needing: FrameHeader.byteCount + payloadCountMax)
    }

    /// The room for the payload; `finish` says how much of it was used.
    var payload: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get { memory.mutableBytes._consumingExtracting(FrameHeader.byteCount...) }
    }

    /// Puts the header before a payload of so many bytes.
    mutating func finish(_ kind: MessageKind, payloadCount: Int) {
        count = FrameHeader.byteCount + payloadCount
        sentCount = 0
        var head = memory.mutableBytes._consumingExtracting(0..<FrameHeader.byteCount)
        _ = head.write { writer throws(ByteError) in
            try FrameHeader(kind: kind, payloadCount: payloadCount).write(to: &writer)
        }
    }

    /// Puts together a whole frame. What does not fit is a mistake of ours: callers check sizes
    /// first.
    mutating func set(_ kind: MessageKind, _ body: (inout ByteWriter) throws(ByteError) -> Void) {
        finish(kind, payloadCount: write(body))
    }

    /// Puts together the front of a frame whose payload has so many bytes in all.
    mutating func set(
        _ kind: MessageKind,
        payloadCount: Int,
        _ front: (inout ByteWriter) throws(ByteError) -> Void
    ) {
        precondition(write(front) <= payloadCount, "the front is a part")
        finish(kind, payloadCount: payloadCount)
    }

    /// Puts together a refusal.
    mutating func set(_ refusal: RefusalDetail) {
        set(.refused) { writer throws(ByteError) in try refusal.write(to: &writer) }
    }

    /// The frame.
    var frame: Span<UInt8> {
        @_lifetime(borrow self) get { memory.bytes.extracting(0..<count) }
    }

    /// What is left of the frame to be sent.
    var unsent: Span<UInt8> {
        @_lifetime(borrow self) get { memory.bytes.extracting(sentCount..<count) }
    }

    /// The front of the frame up to so many bytes of its payload, which counts as sent from now on.
    @_lifetime(&self)
    mutating func begin(payloadCount: Int) -> Span<UInt8> {
        precondition(sentCount == 0, "a frame begins once")
        sentCount = FrameHeader.byteCount + payloadCount
        precondition(sentCount <= count, "a frame has an end")
        return memory.bytes.extracting(0..<sentCount)
    }

    private mutating func write(_ body: (inout ByteWriter) throws(ByteError) -> Void) -> Int {
        var room = payload
        return room.write(body)
    }
}
