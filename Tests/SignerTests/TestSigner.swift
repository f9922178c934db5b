import Bytes
import CLinux
import Foundation
import LocalSocket
import SecretMemory
import Signer
import Synchronization
import TestSupport
import Testing
import Wire

/// The large buffers of a session; they are never given back, so tests share them.
final class SharedFrames: @unchecked Sendable {
    private static let free = Mutex<[SharedFrames]>([])

    /// Used by whoever took it, and by nobody else.
    var memory: FrameMemory

    private init(_ memory: consuming FrameMemory) {
        self.memory = memory
    }

    static func take() throws -> SharedFrames {
        if let one = free.withLock({ $0.popLast() }) { return one }
        return SharedFrames(try FrameMemory())
    }

    func give() {
        Self.free.withLock { $0.append(self) }
    }
}

/// One end of a socket, in the hands of a test.
final class Peer: Sendable {
    let number: Int32

    /// Takes the descriptor over.
    init(_ number: Int32) {
        self.number = number
    }

    deinit { close(number) }

    func write(_ bytes: [UInt8]) throws {
        var descriptor = Descriptor(adopting: number)
        descriptor.pin()
        try descriptor.writeAll(bytes.span)
    }

    func read() throws -> Frame {
        var descriptor = Descriptor(adopting: number)
        descriptor.pin()
        return try descriptor.readFrame()
    }

    /// Whether a read would not wait.
    var hasBytes: Bool {
        var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, 0) > 0
    }

    /// Both directions end at once.
    func hangUp() {
        _ = shutdown(number, Int32(SHUT_RDWR))
    }
}

/// A sealed signer, the gate's end of its socket, and one operator.
final class TestSealed {
    let home: TestHome
    let gate: Peer
    let caller: Peer
    private let path: [UInt8]
    private var sealed: SealedSigner?
    private var unlocked: Unlocked?

    private init(
        _ home: TestHome,
        _ path: [UInt8],
        _ gate: Peer,
        _ caller: Peer,
        _ sealed: consuming SealedSigner
    ) {
        self.home = home
        self.path = path
        self.gate = gate
        self.caller = caller
        self.sealed = consume sealed
    }

    static func make(
        _ home: TestHome,
        frameMilliseconds: Int64 = 60_000
    ) throws -> TestSealed {
        // As the confinement has it: a peer that hangs up is an error, not an end.
        _ = linux_ignore_sigpipe()
        let socket = home.folder.appending(path: "socket-\(UInt32.random(in: 0...UInt32.max))")
        let path = Array(socket.path.utf8)
        var pair = try DescriptorPair.make()
        pair.first.pin()
        pair.second.pin()
        let gate = Peer(pair.first.number)
        let sealed = try SealedSigner(
            home: try Home(
                keystore: try home.open("keystore"),
                state: try home.open("state", writing: true),
                bundle: try home.open("bundle")
            ),
            gate: Descriptor(adopting: pair.second.number),
            listener: try Descriptor.listen(at: path.span, mode: 0o600),
            kernel: KernelState(bits: 0x101, landlockABI: 7),
            frameMilliseconds: frameMilliseconds
        )
        let caller = Peer(try Descriptor.connect(to: path.span).release())
        let made = TestSealed(home, path, gate, caller, sealed)
        try made.step()
        return made
    }

    /// Lets the signer see to one thing.
    func step(milliseconds: Int32 = 1_000) throws {
        if let unlocked = try sealed?.step(milliseconds: milliseconds) { self.unlocked = unlocked }
    }

    /// Another operator, who waits until the first is gone.
    func queue() throws -> Peer {
        let path = path
        return Peer(try Descriptor.connect(to: path.span).release())
    }

    /// What the operator's frame is answered with.
    func ask(_ kind: MessageKind, _ payload: [UInt8]) throws -> Frame {
        try caller.write(Frame.bytes(kind, payload))
        try step()
        if !payload.isEmpty { try step() }
        return try caller.read()
    }

    func unlock(_ passphrase: String = TestHome.passphrase) throws -> Frame {
        try ask(.unlock, vector16(Array(passphrase.utf8)))
    }

    /// Another operator, after the first was hung up on.
    func nextCaller() throws -> Peer {
        let path = path
        let next = Peer(try Descriptor.connect(to: path.span).release())
        try step()
        return next
    }

    /// What the gate's frame is answered with.
    func askAsGate(_ bytes: [UInt8]) throws -> Frame {
        try gate.write(bytes)
        try step()
        return try gate.read()
    }

    /// The signer with its keys.
    func open() throws -> TestSigner {
        guard let unlocked else { throw SocketError.wouldBlock }
        let taken = sealed.take()
        guard let sealed = consume taken else { throw SocketError.wouldBlock }
        let signer = try OpenSigner(
            sealed,
            unlocked,
            kernel: KernelState(bits: 0x105, landlockABI: 7)
        )
        return TestSigner(home, signer, gate, try SharedFrames.take())
    }
}

/// A signer with its keys, driven frame by frame from the gate's end of its socket.
final class TestSigner {
    let home: TestHome
    private var signer: OpenSigner
    private let gate: Peer
    private let frames: SharedFrames

    init(
        _ home: TestHome,
        _ signer: consuming OpenSigner,
        _ gate: Peer,
        _ frames: SharedFrames
    ) {
        self.home = home
        self.signer = signer
        self.gate = gate
        self.frames = frames
    }

    deinit { frames.give() }

    var phase: Phase { signer.phase }
    var record: StateRecord { signer.record }

    /// What a frame is answered with. The gate writes and reads in a thread of its own, so that no
    /// size of frame can stand still.
    func ask(_ kind: MessageKind, _ payload: [UInt8]) throws -> Frame {
        try ask(raw: Frame.bytes(kind, payload))
    }

    func ask(raw bytes: [UInt8]) throws -> Frame {
        let answer = Answer()
        let gate = gate
        Thread.detachNewThread { answer.fetch(gate, bytes) }
        do {
            try signer.step(&frames.memory)
        } catch {
            gate.hangUp()
            _ = answer.wait()
            throw error
        }
        return try answer.wait().get()
    }

    /// The gate goes between two frames.
    func hangUp() throws {
        gate.hangUp()
        try signer.step(&frames.memory)
    }

    func greeting() throws -> Frame {
        try greet(frames)
        return try gate.read()
    }

    private func greet(_ frames: SharedFrames) throws {
        try signer.greet(&frames.memory)
    }

    /// What it says of itself, in a box of its own: returned as a value it ends the compiler
    /// (6.3.1).
    func status() throws -> StatusBox {
        StatusBox(try ask(.status, []))
    }

    /// Shows the signer the log, and the log the signer's events.
    func resume(_ log: TestLog) throws {
        let answer = try ask(.resume, log.resumePayload())
        try answer.expect(.resumed)
        log.commit()
        for leaf in try TestLog.events(answer.payload) { log.append(leaf) }
        let advanced = try ask(.advance, log.advancePayload())
        try advanced.expect(.advanced)
        log.commit()
    }

    /// The script of an address of ours.
    func script(_ wallet: Int = 0, branch: UInt8 = 0, index: UInt32 = 0) throws -> [UInt8] {
        try script(TestRequest.walletIDs[wallet], branch: branch, index: index)
    }

    /// The script of an address of a wallet by its id.
    func script(_ walletID: [UInt8], branch: UInt8, index: UInt32) throws -> [UInt8] {
        let answer = try ask(.address, walletID + [branch] + little(index))
        try answer.expect(.addressReply)
        return Array(answer.payload.dropFirst(2))
    }

    func assess(
        _ request: TestRequest,
        slot: UInt16 = 0,
        time: UInt64 = 1_000,
        requester: UInt32 = 1_000
    ) throws -> Assessed {
        let payload = request.assessPayload(slot: slot, time: time, requester: requester)
        let answer = try ask(.assess, payload)
        try answer.expect(.assessed)
        return try Assessed(answer.payload)
    }
}

/// What a thread found, waited for by another.
private final class Answer: Sendable {
    private let result = Mutex<Result<Frame, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    /// Asks and waits for the reply.
    func fetch(_ gate: Peer, _ bytes: [UInt8]) {
        do {
            try gate.write(bytes)
            let frame = try gate.read()
            result.withLock { $0 = .success(frame) }
        } catch {
            result.withLock { $0 = .failure(error) }
        }
        done.signal()
    }

    func wait() -> Result<Frame, any Error> {
        done.wait()
        return result.withLock { $0 } ?? .failure(SocketError.ended(got: 0))
    }
}

/// The answer to `assess`.
struct Assessed {
    let slot: UInt16
    let verdict: LeafVerdict
    let refusal: RefusalDetail
    let digest: Bytes32
    let leaf: [UInt8]
    /// The points of the nonces, where the request commits to a host nonce.
    let openings: [Bytes33]

    init(_ payload: [UInt8]) throws {
        let reply = try AssessReply(reading: payload.span)
        slot = reply.slot
        verdict = reply.verdict
        refusal = reply.refusal
        digest = reply.digest
        leaf = reply.leaf.array
        let points = reply.openings.array
        openings = stride(from: 0, to: points.count, by: 33).map { start in
            let point = Array(points[start..<start + 33])
            return Bytes33(copying: point.span)
        }
    }

    var name: Refusal? { Refusal(rawValue: refusal.code) }
}
