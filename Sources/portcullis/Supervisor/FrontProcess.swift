import Front
import LocalSocket

/// The front, which holds nothing and can be started again at any time.
struct FrontProcess: ~Copyable {
    private let patience: Patience
    private var pid: Int32?
    /// It writes there when it listens, and again and again from then on.
    private var pulse: Descriptor?
    private var watch: Watch
    private(set) var isListening = false
    /// What to wait on; -1 for nothing.
    var pulseNumber: Int32 { Readiness.number(pulse) }
    private(set) var backoff: Backoff
    private(set) var restarts = 0
    private(set) var lastFailure: String?
    private var endedSilent = false

    init(_ backoff: Backoff, _ patience: Patience) {
        self.backoff = backoff
        self.patience = patience
        watch = Watch(milliseconds: patience.hangMilliseconds)
    }

    /// Milliseconds until it has to be looked at again; nothing while it is not running.
    var remaining: Int32? { pid == nil ? nil : watch.remaining }

    var facts: ControlReply.Process {
        ControlReply.Process(name: "front", pid: pid, restarts: restarts)
    }

    mutating func startIfDue(
        _ supervised: Supervised,
        _ listeners: borrowing Listeners
    ) throws(FrontError) {
        guard pid == nil, backoff.isDue else { return }
        let pipe = try Pipe()
        pid = try supervised.startFront(clients: listeners.front, readiness: pipe.writing)
        pulse = pipe.keepReading()
        backoff.started()
        watch.heard()
    }

    /// It wrote to its pipe, or closed it.
    mutating func readPulse() {
        guard let open = pulse.take(), Readiness.read(open) else { return }
        pulse = consume open
        watch.heard()
        guard !isListening else { return }
        isListening = true
        backoff.proved()
    }

    /// Ends it when it has said nothing for too long: then it hangs, and so do all who asked it.
    mutating func endIfSilent(_ output: Output) {
        guard let running = pid, watch.isOver() else { return }
        let failure = Peer.front.silent(for: patience.hangMilliseconds).message
        output.say("portcullis: front-silent: \(failure); it is ended and started again")
        Processes.kill(running)
        watch.heard()
        endedSilent = true
    }

    mutating func reap(_ output: Output) throws(FrontError) {
        guard let running = pid, let status = try Processes.poll(running) else { return }
        pid = nil
        pulse = nil
        isListening = false
        restarts += 1
        backoff.ended()
        let words = "front: \(endedSilent ? "front-silent, ended" : Processes.words(status))"
        endedSilent = false
        lastFailure = words
        if backoff.failures >= Backoff.failuresMax {
            throw .failed("the front ended \(backoff.failures) times in a row (\(words))")
        }
        output.say("portcullis: started again (\(words))")
    }

    mutating func stop() {
        guard let running = pid else { return }
        Processes.terminate(running)
        _ = try? Processes.end(running, within: 2_000)
        pid = nil
    }
}

/// The pipe by which a process says that it listens: one byte. It closes unread when it dies
/// before.
enum Readiness {
    /// The number of a descriptor to wait on; -1, which poll(2) passes over, for none.
    static func number(_ descriptor: borrowing Descriptor?) -> Int32 {
        switch descriptor {
        case .some(let open): open.number
        case .none: -1
        }
    }

    static func read(_ pipe: borrowing Descriptor) -> Bool {
        var byte = InlineArray<1, UInt8>(repeating: 0)
        do {
            var room = byte.mutableSpan
            return try pipe.readSome(into: &room) == 1
        } catch {
            return false
        }
    }
}
