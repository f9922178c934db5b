private import Bytes
package import Wire

/// A whole frame that was received.
package struct Frame: Equatable, Sendable {
    package let kind: MessageKind
    package let payload: [UInt8]

    package init(_ kind: MessageKind, _ payload: [UInt8]) {
        self.kind = kind
        self.payload = payload
    }

    /// Header and payload as they are sent.
    package var bytes: [UInt8] {
        Self.header(kind, payloadCount: payload.count) + payload
    }

    /// The five bytes before a payload of this many.
    package static func header(_ kind: MessageKind, payloadCount: Int) -> [UInt8] {
        let header = FrameHeader(kind: kind, payloadCount: payloadCount)
        return .written(limit: FrameHeader.byteCount) { writer throws(ByteError) in
            try header.write(to: &writer)
        }
    }
}

/// Puts frames together from the pieces in which a socket gives them.
package struct FrameAssembler {
    private var head: [UInt8] = []
    private var header: FrameHeader?
    private var payload: [UInt8] = []

    package init() {}

    /// The payload bytes that are held for a frame not yet whole.
    package var heldCount: Int { payload.count }

    /// Whether a frame has begun and is not whole yet.
    package var isInFrame: Bool { !head.isEmpty }

    /// The frame that is not whole yet, as far as it came: its kind and the front of its payload.
    var begun: (kind: MessageKind, payload: [UInt8])? {
        header.map { ($0.kind, payload) }
    }

    /// Takes from `input` what belongs to the next frame; the frame, if it is whole now. A header
    /// that `admits` does not want is an error before one byte of its payload is kept.
    package mutating func take(
        _ input: inout ArraySlice<UInt8>,
        admits: (FrameHeader) -> Bool
    ) throws(FrameError) -> Frame? {
        if header == nil {
            let part = input.prefix(FrameHeader.byteCount - head.count)
            head += part
            input = input.dropFirst(part.count)
            guard head.count == FrameHeader.byteCount else { return nil }
            let found = try FrameHeader(reading: head.span)
            guard admits(found) else { throw .notPermitted(found.kind) }
            header = found
        }
        guard let header else { return nil }
        let part = input.prefix(header.payloadCount - payload.count)
        payload += part
        input = input.dropFirst(part.count)
        guard payload.count == header.payloadCount else { return nil }
        defer {
            head = []
            payload = []
            self.header = nil
        }
        return Frame(header.kind, payload)
    }
}
