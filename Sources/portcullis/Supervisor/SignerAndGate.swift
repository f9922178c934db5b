import Front
import LocalSocket

/// Signer and gate, which live and die together: they share one socket that only they hold.
struct SignerAndGate: ~Copyable {
    /// The gate's exit statuses after which a new start would find the same: not started, refused.
    static let permanentOfGate: Set<Int32> = [1, 3]
    /// The signer's: usage, a home in use or damaged, no memory, no confinement, no state stored.
    static let permanentOfSigner: Set<Int32> = [2, 10, 11, 12, 17, 23, 24, 30, 31]

    private var signer: Int32?
    private var gate: Int32?
    private var readiness: Descriptor?
    /// Whether the gate has read its log and takes connections.
    private(set) var isListening = false
    /// What to wait on; -1 for nothing.
    var readinessNumber: Int32 { Readiness.number(readiness) }
    private(set) var backoff: Backoff
    private(set) var restarts = 0
    private(set) var lastFailure: String?
    private var wasLocked = false

    init(_ backoff: Backoff) {
        self.backoff = backoff
    }

    /// Whether the signer that runs is not the first one.
    var wasRestarted: Bool { restarts > 0 }

    var facts: [ControlReply.Process] {
        [
            ControlReply.Process(name: "signer", pid: signer, restarts: restarts),
            ControlReply.Process(name: "gate", pid: gate, restarts: restarts),
        ]
    }

    mutating func startIfDue(
        _ supervised: Supervised,
        _ listeners: borrowing Listeners
    ) throws(FrontError) {
        guard signer == nil, gate == nil, backoff.isDue else { return }
        let ends: DescriptorPair
        do {
            ends = try DescriptorPair.make()
        } catch {
            throw .failed("no socket for signer and gate: \(error)")
        }
        let pipe = try Pipe()
        // Ours is closed at the end of this function: only this signer has it.
        let operators = try UnixSocket.listen(supervised.home.operatorSocket, mode: 0o600)
        signer = try supervised.startSigner(gate: ends.first, operators: operators)
        gate = try supervised.startGate(
            signer: ends.second,
            listeners: listeners,
            readiness: pipe.writing
        )
        readiness = pipe.keepReading()
        backoff.started()
    }

    /// The gate wrote to its pipe, or closed it.
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

    /// Collects what has ended. When one of the two has, the other is ended too.
    mutating func reap(_ output: Output) throws(FrontError) {
        let signerStatus = try Self.poll(signer)
        let gateStatus = try Self.poll(gate)
        guard signerStatus != nil || gateStatus != nil else { return }
        if signerStatus != nil { signer = nil }
        if gateStatus != nil { gate = nil }
        // The gate sees the signer go, and the signer the gate, so both are given a moment to say
        // why.
        let laterGate = try Self.end(gate)
        let laterSigner = try Self.end(signer)
        gate = nil
        signer = nil
        readiness = nil
        isListening = false
        restarts += 1
        if wasLocked {
            wasLocked = false
            backoff.stopped()
            return
        }
        let words =
            "signer: \(Processes.words(signerStatus ?? laterSigner ?? 0)), "
            + "gate: \(Processes.words(gateStatus ?? laterGate ?? 0))"
        lastFailure = words
        backoff.ended()
        if Self.permanentOfGate.contains(gateStatus ?? laterGate ?? 0)
            || Self.permanentOfSigner.contains(signerStatus ?? laterSigner ?? 0)
        {
            throw .failed("it makes no sense to go on; the reason stands above (\(words))")
        }
        if backoff.failures >= Backoff.failuresMax {
            throw .failed("signer and gate ended \(backoff.failures) times in a row (\(words))")
        }
        output.say("portcullis: started again, sealed: unlock it (\(words))")
    }

    /// Ends the signer at once; the gate follows by itself, and both come back sealed.
    mutating func lock() {
        guard let signer else { return }
        wasLocked = true
        Processes.kill(signer)
    }

    /// Asks the gate to end, which ends the signer.
    mutating func stop() {
        if let gate { Processes.terminate(gate) }
        _ = try? Self.end(gate)
        _ = try? Self.end(signer)
        gate = nil
        signer = nil
    }

    private static func poll(_ pid: Int32?) throws(FrontError) -> Int32? {
        guard let pid else { return nil }
        return try Processes.poll(pid)
    }

    /// Waits two seconds for a process to end by itself, then ends it.
    private static func end(_ pid: Int32?) throws(FrontError) -> Int32? {
        guard let pid else { return nil }
        return try Processes.end(pid, within: 2_000)
    }
}
