private import Bytes
private import FoundationEssentials
import LocalSocket
import Wire

/// One client of the front, and its question to the gate while there is one. Nothing here waits:
/// bytes are taken and given as they come.
final class FrontClientConnection {
    /// A client has so long for a whole request, and the gate for an answer, in milliseconds.
    static let requestMilliseconds: Int64 = 60_000
    static let answerMilliseconds: Int64 = 180_000

    private let socket: Descriptor
    private var gate: Descriptor?
    private var question: GateQuestion?
    private var incoming: [UInt8] = []
    private var outgoing: [UInt8] = []
    private var fromGate: [UInt8] = []
    private var toGate: [UInt8] = []
    private(set) var isFinished = false
    var deadline: Int64

    init(_ socket: consuming Descriptor, now: Int64) {
        self.socket = socket
        deadline = now + Self.requestMilliseconds
    }

    /// Bytes held for this client.
    var byteCount: Int { incoming.count + outgoing.count + fromGate.count + toGate.count }

    /// What to wait for on the client's side.
    var clientEntry: PollEntry {
        if !outgoing.isEmpty { return PollEntry(socket.number, reading: false, writing: true) }
        // While the gate works only the client's going away would be of interest.
        return PollEntry(question == nil ? socket.number : -1)
    }

    /// What to wait for on the gate's side.
    var gateEntry: PollEntry {
        switch gate {
        case .some(let open):
            PollEntry(open.number, reading: toGate.isEmpty, writing: !toGate.isEmpty)
        case .none: PollEntry(-1)
        }
    }

    /// The client's side has something.
    func serveClient(_ operations: FrontOperations, _ home: FrontPlaces, now: Int64) {
        do throws(SocketError) {
            if outgoing.isEmpty {
                try readRequest(operations, home, now: now)
            } else {
                try Self.send(&outgoing, to: socket)
                if outgoing.isEmpty { deadline = now + Self.requestMilliseconds }
            }
        } catch {
            finish()
        }
    }

    /// The gate's side has something.
    func serveGate(now: Int64) {
        do throws(SocketError) {
            switch gate {
            case .none: return
            case .some(let open):
                if toGate.isEmpty {
                    guard try Self.receive(&fromGate, from: open) else {
                        throw .ended(got: fromGate.count)
                    }
                } else {
                    try Self.send(&toGate, to: open)
                }
            }
            try readAnswer(now: now)
        } catch {
            let words = "the gate closed the connection: it is being started again"
            answer(FrontReply(.failed(words)), now: now)
        }
    }

    /// Ends the connection.
    func finish() {
        isFinished = true
    }

    private func readRequest(
        _ operations: FrontOperations,
        _ home: FrontPlaces,
        now: Int64
    ) throws(SocketError) {
        guard try Self.receive(&incoming, from: socket) else { throw .ended(got: incoming.count) }
        guard let body = try Self.takeFrame(&incoming) else { return }
        deadline = now + Self.answerMilliseconds
        do throws(FrontError) {
            let request: FrontRequest
            do {
                request = try JSONDecoder().decode(FrontRequest.self, from: Data(body))
            } catch {
                throw .usage("a request that is not in the form of this release")
            }
            switch try operations.begin(request) {
            case .done(let reply): answer(reply, now: now)
            case .ask(let question): try ask(question, home)
            }
        } catch {
            answer(FrontReply(error), now: now)
        }
    }

    private func ask(_ question: GateQuestion, _ home: FrontPlaces) throws(FrontError) {
        guard question.payload.count < question.kind.lengthMax else {
            throw .refused(RefusalWords.report(stage: "front", RefusalDetail(.requestTooLarge)))
        }
        let open = try UnixSocket.connect(home.gateSocket, what: "the gate")
        do {
            try open.setNonblocking(true)
            let header = FrameHeader(kind: question.kind, payloadCount: question.payload.count)
            toGate = try [UInt8].written(limit: FrameHeader.byteCount) {
                writer throws(ByteError) in try header.write(to: &writer)
            }
        } catch {
            throw .failed("the gate cannot be asked: \(error)")
        }
        toGate += question.payload
        fromGate = []
        gate = consume open
        self.question = question
    }

    private func readAnswer(now: Int64) throws(SocketError) {
        guard let question, fromGate.count >= FrameHeader.byteCount else { return }
        do throws(FrontError) {
            let header: FrameHeader
            do {
                header = try FrameHeader(reading: fromGate.span.extracting(0..<5))
            } catch {
                throw .failed("the gate sent no frame: \(error)")
            }
            guard fromGate.count >= FrameHeader.byteCount + header.payloadCount else { return }
            let payload = [UInt8](fromGate[FrameHeader.byteCount...])
            switch header.kind {
            case question.expected: answer(try question.finish(payload), now: now)
            case .gateRefused: throw try GateClient.refusal(payload)
            default: throw .failed("the gate answered with a message of kind \(header.kind)")
            }
        } catch {
            answer(FrontReply(error), now: now)
        }
    }

    private func answer(_ reply: FrontReply, now: Int64) {
        gate = nil
        question = nil
        fromGate = []
        toGate = []
        deadline = now + Self.requestMilliseconds
        do throws(FrontError) {
            outgoing = try JSONFrame.bytes(reply)
        } catch {
            finish()
        }
    }

    /// Takes a whole document off the front of what came in; nothing while it is not all there.
    private static func takeFrame(_ bytes: inout [UInt8]) throws(SocketError) -> [UInt8]? {
        guard bytes.count >= 4 else { return nil }
        let count = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        guard count <= JSONFrame.byteCountMax else { throw .ended(got: bytes.count) }
        guard bytes.count >= 4 + count else { return nil }
        let body = [UInt8](bytes[4..<4 + count])
        bytes.removeFirst(4 + count)
        return body
    }

    /// Reads what is there, once; whether the other end is still open.
    private static func receive(
        _ bytes: inout [UInt8],
        from socket: borrowing Descriptor
    ) throws(SocketError) -> Bool {
        var piece = [UInt8](repeating: 0, count: Descriptor.callBytesMax)
        let got: Int
        do throws(SocketError) {
            var room = piece.mutableSpan
            got = try socket.readSome(into: &room)
        } catch .wouldBlock {
            return true
        }
        bytes += piece[0..<got]
        return got > 0
    }

    /// Writes what the other end takes, once.
    private static func send(
        _ bytes: inout [UInt8],
        to socket: borrowing Descriptor
    ) throws(SocketError) {
        do throws(SocketError) {
            bytes.removeFirst(try socket.writeSome(bytes.span))
        } catch .wouldBlock {
            return
        }
    }
}
