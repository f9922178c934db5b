private import Bytes
package import LocalSocket
package import Wire

/// A connection to the gate: frames of protocol.md, sections 2 and 9. One request at a time.
package struct GateClient: ~Copyable {
    private let socket: Descriptor

    /// Takes over a connected socket.
    package init(_ socket: consuming Descriptor) {
        self.socket = socket
    }

    /// Sends one request and gives the payload of the reply, which must be of the kind `expected`.
    package borrowing func ask(
        _ kind: MessageKind,
        _ payload: [UInt8],
        expecting expected: MessageKind
    ) throws(FrontError) -> [UInt8] {
        guard payload.count < kind.lengthMax else {
            throw .refused(RefusalWords.report(stage: "front", RefusalDetail(.requestTooLarge)))
        }
        try Frame.write(kind, payload, to: socket)
        let (found, reply) = try Frame.read(from: socket)
        if found == expected { return reply }
        guard found == .gateRefused else {
            throw .failed("the gate answered with a message of kind \(found.rawValue)")
        }
        throw try Self.refusal(reply)
    }

    /// The error that a `gate-refused` stands for: `u8 stage | detail`; with the policy's names
    /// where the policy is at hand.
    package static func refusal(
        _ payload: [UInt8],
        policy: BundleFacts? = nil
    ) throws(FrontError) -> FrontError {
        let stage: UInt8
        let detail: RefusalDetail
        do {
            var reader = ByteReader(payload.span)
            stage = try reader.readUInt8()
            detail = try RefusalDetail(reading: &reader)
            try reader.finish()
        } catch {
            throw .failed("the gate's refusal cannot be read: \(error)")
        }
        let name =
            switch stage {
            case 1: "signer"
            case 2: "limit"
            default: "gate"
            }
        let report = RefusalWords.report(stage: name, detail)
        return .refused(policy?.named(report, detail) ?? report)
    }
}

/// Whole frames of the protocol on a blocking socket.
package enum Frame {
    /// Writes one frame.
    package static func write(
        _ kind: MessageKind,
        _ payload: [UInt8],
        to socket: borrowing Descriptor
    ) throws(FrontError) {
        let header = FrameHeader(kind: kind, payloadCount: payload.count)
        do {
            let bytes = try [UInt8].written(limit: FrameHeader.byteCount) {
                writer throws(ByteError) in try header.write(to: &writer)
            }
            try socket.writeAll(bytes.span)
            try socket.writeAll(payload.span)
        } catch {
            throw .failed("the connection ended while a request was written: \(error)")
        }
    }

    /// The payload of a frame of that kind, once `bytes` hold all of it.
    package static func payload(
        _ kind: MessageKind,
        of bytes: [UInt8]
    ) throws(FrontError) -> [UInt8]? {
        guard bytes.count >= FrameHeader.byteCount else { return nil }
        do throws(FrameError) {
            let header = try FrameHeader(
                reading: bytes.span.extracting(0..<FrameHeader.byteCount)
            )
            guard header.kind == kind else { throw .notPermitted(header.kind) }
            guard bytes.count >= FrameHeader.byteCount + header.payloadCount else { return nil }
            return [UInt8](bytes[FrameHeader.byteCount...].prefix(header.payloadCount))
        } catch {
            throw .failed("the other process sent no frame of that kind: \(error)")
        }
    }

    /// Reads one frame; the end of the connection is an error.
    package static func read(
        from socket: borrowing Descriptor
    ) throws(FrontError) -> (kind: MessageKind, payload: [UInt8]) {
        var bytes = [UInt8](repeating: 0, count: FrameHeader.byteCount)
        let header: FrameHeader
        do {
            var room = bytes.mutableSpan
            try socket.readExactly(into: &room)
            header = try FrameHeader(reading: bytes.span)
        } catch {
            throw .failed("no answer: the other process closed the connection (\(error))")
        }
        var payload = [UInt8](repeating: 0, count: header.payloadCount)
        do {
            var room = payload.mutableSpan
            try socket.readExactly(into: &room)
        } catch {
            throw .failed("the answer was cut short: \(error)")
        }
        return (header.kind, payload)
    }
}
