import Bytes
import CLinux
import Foundation
import Gate
import LocalSocket
import Synchronization
import Testing
import Wire

/// A gate's loop over real sockets in a thread of its own, with a fake signer in another.
private final class LoopBench: @unchecked Sendable {
    let path: String
    /// clients.sock, where gate.sock is `path`.
    let localPath: String
    let loopEnd = DispatchSemaphore(value: 0)
    private(set) var result: Result<LoopEnd, GateError>?
    private let serving = DispatchSemaphore(value: 0)
    private var hangUp: Int32 = -1

    init(allowed: [UInt32] = [linux_uid()], barred: [UInt32] = []) throws {
        path = "/tmp/portcullis-gate-\(UUID().uuidString.prefix(13))"
        localPath = path + "-local"
        let listener = try Descriptor.listen(at: Array(path.utf8).span, mode: 0o600)
        let local = try Descriptor.listen(at: Array(localPath.utf8).span, mode: 0o600).release()
        var ends: (Int32, Int32) = (-1, -1)
        // SAFETY: the call writes one number to each address.
        let made = unsafe linux_socket_pair(&ends.0, &ends.1)
        try #require(made == 0)
        // No signal arrives here: the loop is stopped by the signer's end instead.
        let signals = linux_signal_descriptor(0)
        hangUp = ends.0
        let (number, gateEnd) = ends
        let listening = listener.release()
        Thread.detachNewThread { [self] in
            do throws(GateError) {
                let server = try GateServer(
                    GateConfiguration(
                        bundleHash: GateBench.bundleHash,
                        limits: GateBench.limits
                    ),
                    store: MemoryStore(),
                    clock: try SystemClock()
                )
                let loop = try EventLoop(
                    server,
                    signer: Descriptor(adopting: gateEnd),
                    listener: Descriptor(adopting: listening),
                    local: Descriptor(adopting: local),
                    signals: Descriptor(adopting: signals),
                    permitted: PermittedClients(front: allowed, barred: barred)
                ) { [self] in
                    serving.signal()
                }
                result = .success(try loop.run())
            } catch {
                result = .failure(error)
            }
            loopEnd.signal()
        }
        Thread.detachNewThread { Self.answer(number) }
        serving.wait()
    }

    deinit {
        do {
            for path in [path, localPath] { try FileManager.default.removeItem(atPath: path) }
        } catch {
            Issue.record("\(error)")
        }
    }

    /// The fake signer's thread: greets, and answers until the gate's end or ours is closed.
    private static func answer(_ number: Int32) {
        let signer = FakeSigner(bundleHash: GateBench.bundleHash)
        var descriptor = Descriptor(adopting: number)
        descriptor.pin()
        guard send(signer.greeting, to: descriptor) else { return }
        while let bytes = receive(from: descriptor) {
            do {
                guard send(try signer.receive(bytes), to: descriptor) else { return }
            } catch {
                return
            }
        }
    }

    private static func send(_ bytes: [UInt8], to descriptor: borrowing Descriptor) -> Bool {
        do {
            try descriptor.writeAll(bytes.span)
            return true
        } catch {
            return false
        }
    }

    private static func receive(from descriptor: borrowing Descriptor) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        do {
            var room = bytes.mutableSpan
            let count = try descriptor.readSome(into: &room)
            return count > 0 ? Array(bytes[0..<count]) : nil
        } catch {
            return nil
        }
    }

    func client() throws -> LoopClient { try LoopClient(path) }
    func local() throws -> LoopClient { try LoopClient(localPath) }

    /// The signer goes.
    func endSigner() { _ = shutdown(hangUp, Int32(SHUT_RDWR)) }
}

/// A client that blocks.
private struct LoopClient: ~Copyable {
    let socket: Descriptor

    init(_ path: String) throws {
        socket = try Descriptor.connect(to: Array(path.utf8).span)
    }

    func send(_ bytes: [UInt8]) throws { try socket.writeAll(bytes.span) }

    func receive() throws -> Frame {
        var head = [UInt8](repeating: 0, count: FrameHeader.byteCount)
        var room = head.mutableSpan
        try socket.readExactly(into: &room)
        let header = try FrameHeader(reading: head.span)
        var payload = [UInt8](repeating: 0, count: header.payloadCount)
        var rest = payload.mutableSpan
        try socket.readExactly(into: &rest)
        return Frame(header.kind, payload)
    }

    /// Whether the gate closed the connection.
    func isClosed() throws -> Bool {
        var byte: [UInt8] = [0]
        var room = byte.mutableSpan
        return try socket.readSome(into: &room) == 0
    }
}

extension Frame {
    /// What a refusal says.
    fileprivate var refusal: Refusal? {
        guard kind == .gateRefused else { return nil }
        return Refusal(rawValue: UInt16(payload[1]) | UInt16(payload[2]) << 8)
    }
}

/// Connections that begin a frame and say no more.
private final class Crowd {
    private var numbers: [Int32] = []

    init(_ path: String, count: Int, sending bytes: [UInt8]) throws {
        for _ in 0..<count {
            let client = try Descriptor.connect(to: Array(path.utf8).span)
            try client.writeAll(bytes.span)
            numbers.append(client.release())
        }
    }

    func leave() {
        for number in numbers { _ = Descriptor(adopting: number) }
        numbers = []
    }
}

@Suite("The gate's sockets", .serialized)
struct EventLoopTests {
    private static func sign(_ number: Int) -> [UInt8] {
        Frame(.sign, ResolvedSample(spending: [number], amount: 10).request()).bytes
    }

    @Test("A request in single bytes is answered, and several in one write each in turn")
    func pieces() throws {
        let bench = try LoopBench()
        let client = try bench.client()
        for byte in Self.sign(1) { try client.send([byte]) }
        #expect(try client.receive().kind == .signed)
        try client.send(Self.sign(2) + Self.sign(3) + Frame(.gateStatus, []).bytes)
        #expect(try client.receive().kind == .signed)
        #expect(try client.receive().kind == .signed)
        #expect(try client.receive().kind == .gateStatusReply)
        bench.endSigner()
        bench.loopEnd.wait()
    }

    @Test("A frame that is none ends its own connection and no other")
    func breach() throws {
        let bench = try LoopBench()
        let good = try bench.client()
        let frames: [[UInt8]] = [
            [0, 0, 0, 0, 0x21], [1, 0, 0, 0, 0x03], [1, 0, 0, 0, 0x77], [2, 0, 0, 0, 0x22],
            [255, 255, 255, 255, 0x21], [1, 0, 0, 0, 0x81],
        ]
        for bytes in frames {
            let bad = try bench.client()
            try bad.send(bytes)
            #expect(try bad.receive().kind == .gateRefused)
            #expect(try bad.isClosed())
        }
        try good.send(Self.sign(1))
        #expect(try good.receive().kind == .signed)
        bench.endSigner()
        bench.loopEnd.wait()
    }

    @Test("Another uid is turned away with a name")
    func otherUser() throws {
        let bench = try LoopBench(allowed: [linux_uid() + 1])
        let client = try bench.client()
        let reply = try client.receive()
        #expect(reply.kind == .gateRefused)
        #expect(Int(reply.payload[1]) | Int(reply.payload[2]) << 8 == 308)
        #expect(try client.isClosed())
        bench.endSigner()
        bench.loopEnd.wait()
    }

    @Test("At clients.sock there are signatures, and nothing else to ask for")
    func local() throws {
        let bench = try LoopBench(allowed: [linux_uid() + 1])
        let client = try bench.local()
        try client.send(Self.sign(1))
        #expect(try client.receive().kind == .signed)
        for kind in [MessageKind.gateStatus, .gateAddress, .gateXpub, .assess, .status] {
            let asking = try bench.local()
            try asking.send(Frame(kind, []).bytes)
            let reply = try asking.receive()
            let isKnown = [.gateStatus, .gateAddress, .gateXpub].contains(kind)
            #expect(reply.refusal == (isKnown ? .requesterNotPermitted : .malformedFrame))
            #expect(try asking.isClosed())
        }
        bench.endSigner()
        bench.loopEnd.wait()
    }

    @Test("Who has a socket of its own is not served at clients.sock")
    func barred() throws {
        let bench = try LoopBench(barred: [linux_uid()])
        let client = try bench.local()
        #expect(try client.receive().refusal == .requesterNotPermitted)
        #expect(try client.isClosed())
        let own = try bench.client()
        try own.send(Self.sign(1))
        #expect(try own.receive().kind == .signed)
        bench.endSigner()
        bench.loopEnd.wait()
    }

    @Test("A 65th connection of one uid at clients.sock is told so, and gate.sock has room")
    func crowd() throws {
        let bench = try LoopBench()
        let crowd = try Crowd(bench.localPath, count: 64, sending: [9, 0])
        let last = try bench.local()
        #expect(try last.receive().refusal == .busy)
        #expect(try last.isClosed())
        let front = try bench.client()
        try front.send(Self.sign(1))
        #expect(try front.receive().kind == .signed)
        crowd.leave()
        // As soon as the gate has seen one of them go.
        var kind = MessageKind.gateRefused
        while kind != .signed {
            let next = try bench.local()
            do {
                try next.send(Self.sign(2))
                kind = try next.receive().kind
            } catch {
                continue
            }
        }
        bench.endSigner()
        bench.loopEnd.wait()
    }

    @Test("When the signer goes, the loop ends and says why")
    func signerGone() throws {
        let bench = try LoopBench()
        bench.endSigner()
        bench.loopEnd.wait()
        #expect(bench.result == .success(.signerGone))
    }

    @Test("64 clients at once are all answered")
    func many() throws {
        let bench = try LoopBench()
        let done = DispatchGroup()
        let answered = Mutex(0)
        for number in 0..<64 {
            done.enter()
            Thread.detachNewThread {
                defer { done.leave() }
                do {
                    let client = try bench.client()
                    for round in 0..<3 {
                        try client.send(Self.sign(3 * number + round))
                        guard try client.receive().kind == .signed else { return }
                        answered.withLock { $0 += 1 }
                    }
                } catch {
                    Issue.record("client \(number): \(error)")
                }
            }
        }
        done.wait()
        #expect(answered.withLock { $0 } == 192)
        bench.endSigner()
        bench.loopEnd.wait()
    }
}
