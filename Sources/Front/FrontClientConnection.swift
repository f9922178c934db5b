private import Bytes
import LocalSocket
import Wire

/// One client of the front, and its question to the gate while there is one. Nothing here waits:
/// bytes are taken and given as they come.
final class FrontClientConnection {
    /// A client has so long for a whole request, and for taking its answer, in milliseconds.
    static let requestMilliseconds: Int64 = 60_000

    private let socket: Descriptor
    private var gate: Descriptor?
    private var question: GateQuestion?
    private var incoming = ArrivingFrame()
    private var outgoing = DepartingBytes()
    private var fromGate = ArrivingAnswer()
    private var toGate = DepartingBytes()
    private(set) var isFinished = false
    private var deadline: Int64
    private let patience: Patience
    private var nextBeat: Int64

    init(_ socket: consuming Descriptor, _ patience: Patience, now: Int64) {
        self.socket = socket
        self.patience = patience
        deadline = now + Self.requestMilliseconds
        nextBeat = now + patience.beatMilliseconds
    }

    /// Bytes held for this client.
    var byteCount: Int {
        incoming.byteCount + outgoing.byteCount + fromGate.byteCount + toGate.byteCount
    }

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
                try outgoing.send(to: socket)
                if outgoing.isEmpty { deadline = now + Self.requestMilliseconds }
            }
        } catch .wouldBlock {
            return
        } catch {
            finish()
        }
    }

    /// The gate's side has something.
    func serveGate(_ operations: FrontOperations, now: Int64) {
        do throws(SocketError) {
            switch gate {
            case .none: return
            case .some(let open):
                if toGate.isEmpty {
                    guard try fromGate.receive(from: open) else { throw .ended(got: 0) }
                } else {
                    try toGate.send(to: open)
                }
            }
            readAnswer(operations, now: now)
        } catch .wouldBlock {
            return
        } catch {
            let words = "the gate closed the connection: it is being started again"
            answer(Framed(FrontReply(.failed(words))), now: now)
        }
    }

    /// Ends the connection.
    func finish() {
        isFinished = true
    }

    /// Says to whoever waits that we are at it. Where the client takes nothing in, nothing is lost.
    func beat(now: Int64) {
        guard now >= nextBeat, outgoing.isEmpty, !isFinished else { return }
        nextBeat = now + patience.beatMilliseconds
        do throws(SocketError) {
            // So few bytes are taken whole or not at all.
            let bytes = JSONFrame.beat
            _ = try socket.writeSome(bytes.span)
        } catch .wouldBlock {
            return
        } catch {
            finish()
        }
    }

    /// Ends what took too long; where it was the gate, its client is told so.
    func expire(now: Int64) {
        guard deadline < now else { return }
        guard let question else { return finish() }
        let waited = question.milliseconds(patience)
        answer(Framed(FrontReply(Peer.gate.silent(for: waited))), now: now)
    }

    private func readRequest(
        _ operations: FrontOperations,
        _ home: FrontPlaces,
        now: Int64
    ) throws(SocketError) {
        guard try incoming.receive(from: socket) else { throw .ended(got: 0) }
        guard incoming.isWhole else { return }
        let frame = incoming
        incoming = ArrivingFrame()
        do throws(FrontError) {
            let request = try frame.decode(FrontRequest.self)
            switch try operations.begin(request) {
            case .done(let reply): answer(reply, now: now)
            case .ask(let question):
                try ask(question, home)
                // Counted from now: our own work on a large PSBT is not the gate's.
                deadline = FrontService.now + question.milliseconds(patience)
            }
        } catch {
            answer(Framed(FrontReply(error)), now: now)
        }
    }

    private func ask(_ question: GateQuestion, _ home: FrontPlaces) throws(FrontError) {
        guard question.payload.count < question.kind.lengthMax else {
            throw .refused(RefusalWords.report(stage: "front", RefusalDetail(.requestTooLarge)))
        }
        let open: Descriptor
        do throws(SocketError) {
            open = try UnixSocket.connectAtOnce(home.gateSocket)
        } catch .wouldBlock {
            throw Peer.gate.silent(for: patience.gateMilliseconds)
        } catch {
            throw .failed("the gate cannot be asked: \(SystemWords.reason(error))")
        }
        let header: [UInt8]
        do {
            let frame = FrameHeader(kind: question.kind, payloadCount: question.payload.count)
            header = try [UInt8].written(limit: FrameHeader.byteCount) {
                writer throws(ByteError) in try frame.write(to: &writer)
            }
        } catch {
            throw .failed("the gate cannot be asked: \(error)")
        }
        toGate = DepartingBytes([header, question.payload])
        fromGate = ArrivingAnswer()
        gate = consume open
        self.question = question
    }

    private func readAnswer(_ operations: FrontOperations, now: Int64) {
        guard let question, fromGate.isWhole else { return }
        do throws(FrontError) {
            let (kind, payload) = try fromGate.take()
            switch kind {
            case question.expected: answer(try question.finish(payload), now: now)
            case .gateRefused:
                let refusal = try GateClient.refusal(payload, policy: operations.policy)
                throw question.placed(refusal)
            default: throw .failed("the gate answered with a message of kind \(kind)")
            }
        } catch {
            answer(Framed(FrontReply(error)), now: now)
        }
    }

    private func answer(_ reply: Framed<FrontReply>, now: Int64) {
        gate = nil
        question = nil
        fromGate = ArrivingAnswer()
        toGate = DepartingBytes()
        deadline = now + Self.requestMilliseconds
        do throws(FrontError) {
            outgoing = DepartingBytes(try JSONFrame.parts(reply))
        } catch {
            finish()
        }
    }
}

/// One answer of the gate as it arrives: a header of protocol.md, section 2, and its payload.
struct ArrivingAnswer {
    private var header = ArrivingBytes(FrameHeader.byteCount)
    private var payload = ArrivingBytes(0)
    private var kind: Result<MessageKind, FrameError>?

    var byteCount: Int { payload.roomCount }

    /// A header that is none ends the answer; `take` says so.
    var isWhole: Bool { kind != nil && payload.isWhole }

    /// Reads once; false when the gate closed.
    mutating func receive(from gate: borrowing Descriptor) throws(SocketError) -> Bool {
        if header.isWhole { return try payload.receive(from: gate) }
        let isOpen = try header.receive(from: gate)
        guard header.isWhole else { return isOpen }
        let bytes = header.take()
        do throws(FrameError) {
            let found = try FrameHeader(reading: bytes.span)
            payload = ArrivingBytes(found.payloadCount)
            kind = .success(found.kind)
        } catch {
            kind = .failure(error)
        }
        return isOpen
    }

    func take() throws(FrontError) -> (kind: MessageKind, payload: [UInt8]) {
        switch kind {
        case .success(let kind): return (kind, payload.take())
        case .failure(let error): throw .failed("the gate sent no frame: \(error)")
        case .none: preconditionFailure("an answer is whole before it is taken")
        }
    }
}
