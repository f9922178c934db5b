private import Bytes
private import FoundationEssentials
import LocalSocket
import Wire

/// The front's work done by whoever asks: the request is made in this process and goes to the
/// gate's clients.sock, so that the requester is the uid of this process and not the front's.
package enum DirectClient {
    /// Asks one thing and gives the answer, as `FrontClient` does.
    package static func ask(
        _ request: Framed<FrontRequest>,
        of home: Home,
        _ patience: Patience
    ) throws(FrontError) -> Framed<FrontReply> {
        guard let bundle = FileManager.default.contents(atPath: home.bundle) else {
            throw .failed("the policy of this home, \(home.bundle), cannot be read")
        }
        let policy = try BundleFacts(reading: [UInt8](bundle))
        switch try FrontOperations(try home.readFacts(), policy: policy).begin(request) {
        case .done(let reply): return reply
        case .ask(let question):
            let (kind, payload) = try answer(to: question, of: home, patience)
            if kind == question.expected { return try question.finish(payload) }
            guard kind == .gateRefused else {
                throw .failed("the gate answered with a message of kind \(kind)")
            }
            throw question.placed(try GateClient.refusal(payload, policy: policy))
        }
    }

    private static func answer(
        to question: GateQuestion,
        of home: Home,
        _ patience: Patience
    ) throws(FrontError) -> (kind: MessageKind, payload: [UInt8]) {
        guard question.payload.count < question.kind.lengthMax else {
            throw .refused(RefusalWords.report(stage: "front", RefusalDetail(.requestTooLarge)))
        }
        let socket = try UnixSocket.connect(home.clientsSocket, to: .gate, patience)
        var outgoing = DepartingBytes([header(of: question), question.payload])
        var arriving = ArrivingAnswer()
        let milliseconds = question.milliseconds(patience)
        let waiting = Waiting(milliseconds: milliseconds)
        while !arriving.isWhole {
            guard let remaining = waiting.remaining else {
                throw Peer.gate.silent(for: milliseconds)
            }
            do throws(SocketError) {
                var entries = [PollEntry(socket.number, writing: !outgoing.isEmpty)]
                var room = entries.mutableSpan
                guard try Poll.wait(&room, milliseconds: remaining) > 0 else { continue }
                if entries[0].isWritable, !outgoing.isEmpty { try outgoing.send(to: socket) }
                if entries[0].isReadable, try !arriving.receive(from: socket) {
                    throw .ended(got: 0)
                }
            } catch .wouldBlock {
                continue
            } catch .failed(.write, errno: _) {
                // Why it turned us away may still be there to be read.
                outgoing = DepartingBytes()
            } catch {
                let reason = SystemWords.reason(error)
                throw .failed("the gate closed the connection without an answer (\(reason))")
            }
        }
        return try arriving.take()
    }

    private static func header(of question: GateQuestion) -> [UInt8] {
        let frame = FrameHeader(kind: question.kind, payloadCount: question.payload.count)
        do {
            return try [UInt8].written(limit: FrameHeader.byteCount) {
                writer throws(ByteError) in try frame.write(to: &writer)
            }
        } catch {
            preconditionFailure("a header has its size")
        }
    }
}
