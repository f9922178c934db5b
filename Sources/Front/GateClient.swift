private import Bytes
package import LocalSocket
package import Wire

/// What the gate's answers mean (protocol.md, section 9).
package enum GateClient {
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

    /// Reads one frame that must be whole in so many milliseconds; the end of the connection is an
    /// error.
    package static func read(
        from peer: Peer,
        on socket: borrowing Descriptor,
        milliseconds: Int64
    ) throws(FrontError) -> (kind: MessageKind, payload: [UInt8]) {
        let waiting = Waiting(milliseconds: milliseconds)
        var arriving = ArrivingBytes(FrameHeader.byteCount)
        try receive(&arriving, from: peer, on: socket, waiting, milliseconds)
        let bytes = arriving.take()
        let header: FrameHeader
        do throws(FrameError) {
            header = try FrameHeader(reading: bytes.span)
        } catch {
            throw .failed("the \(peer) sent no frame: \(error)")
        }
        arriving = ArrivingBytes(header.payloadCount)
        try receive(&arriving, from: peer, on: socket, waiting, milliseconds)
        return (header.kind, arriving.take())
    }

    private static func receive(
        _ arriving: inout ArrivingBytes,
        from peer: Peer,
        on socket: borrowing Descriptor,
        _ waiting: Waiting,
        _ milliseconds: Int64
    ) throws(FrontError) {
        while !arriving.isWhole {
            guard let remaining = waiting.remaining else { throw peer.silent(for: milliseconds) }
            do throws(SocketError) {
                var entries = [PollEntry(socket.number)]
                var room = entries.mutableSpan
                guard try Poll.wait(&room, milliseconds: remaining) > 0 else { continue }
                guard try arriving.receive(from: socket) else {
                    throw .ended(got: arriving.count)
                }
            } catch {
                let reason = SystemWords.reason(error)
                throw .failed("no answer: the \(peer) closed the connection (\(reason))")
            }
        }
    }
}
