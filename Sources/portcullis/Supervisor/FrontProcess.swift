import Front
import LocalSocket

/// The front, which holds nothing and can be started again at any time.
struct FrontProcess: ~Copyable {
    private var pid: Int32?
    private var readiness: Descriptor?
    private(set) var isListening = false
    /// What to wait on; -1 for nothing.
    var readinessNumber: Int32 { Readiness.number(readiness) }
    private(set) var backoff = Backoff()
    private(set) var restarts = 0
    private(set) var lastFailure: String?

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
        readiness = pipe.keepReading()
        backoff.started()
    }

    mutating func readReadiness() {
        var isOpen = false
        if let readiness = readiness.take() {
            isOpen = Readiness.read(readiness)
        }
        if isOpen {
            isListening = true
            backoff.proved()
        }
    }

    mutating func reap(_ output: Output) throws(FrontError) {
        guard let running = pid, let status = try Processes.poll(running) else { return }
        pid = nil
        readiness = nil
        isListening = false
        restarts += 1
        backoff.ended()
        let words = "front: \(Processes.words(status))"
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
