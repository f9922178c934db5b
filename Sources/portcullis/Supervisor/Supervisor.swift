private import CLinux
import Front
import LocalSocket
private import Wire

/// What the operator chose for the supervisor.
struct SupervisorChoices {
    let acceptsWeakerKernel: Bool
    let patience: Patience
    let restartWaitMaxMilliseconds: UInt32
}

/// Starts signer, gate and front, and starts them again when they end: signer and gate as a pair,
/// for neither goes on without the other. One thread, one poll(2).
///
/// It keeps no passphrase: a signer that ended is sealed when it is back.
struct Supervisor: ~Copyable {
    private let supervised: Supervised
    private let home: Home
    private let output: Output
    private let signals: Descriptor
    private let listeners: Listeners
    private let words: ChildWords
    private let operators: OperatorClient
    private var pair: SignerAndGate
    private var front: FrontProcess
    private var unlocking: Unlocking
    private var probe = Probe()
    /// Whether `ready` was said.
    private(set) var announced = false
    private let startedBoottime = linux_clock_nanoseconds(LINUX_CLOCK_BOOTTIME)

    init(
        home: Home,
        facts: HomeFacts,
        passphrase: consuming Secret?,
        choices: SupervisorChoices,
        output: Output
    ) throws(FrontError) {
        let words = try ChildWords()
        let supervised = try Supervised(
            home: home,
            facts: facts,
            standardError: words.writingNumber,
            acceptsWeakerKernel: choices.acceptsWeakerKernel,
            patience: choices.patience
        )
        let signals = try Self.openSignals()
        let listeners = try Listeners(home: home, users: supervised.users)
        self.home = home
        self.output = output
        self.supervised = supervised
        self.signals = signals
        self.listeners = listeners
        self.words = words
        operators = OperatorClient(Appliance(home, choices.patience), asksFront: false)
        let backoff = Backoff(waitMaxMilliseconds: choices.restartWaitMaxMilliseconds)
        pair = SignerAndGate(backoff)
        front = FrontProcess(backoff, choices.patience)
        unlocking = Unlocking(passphrase)
    }

    /// Signals arrive as bytes: those that end us, and the news that a process has ended.
    private static func openSignals() throws(FrontError) -> Descriptor {
        let wanted: UInt64 = [
            LINUX_SIGTERM, LINUX_SIGINT, LINUX_SIGQUIT, LINUX_SIGHUP, LINUX_SIGCHLD,
        ].reduce(0) { $0 | 1 << UInt64($1 - 1) }
        let number = linux_signal_descriptor(wanted)
        guard number >= 0 else { throw .failed("signals cannot be received: error \(-number)") }
        return Descriptor(adopting: number)
    }

    /// Runs until a signal asks to stop; throws when going on makes no sense.
    mutating func run() throws(FrontError) {
        defer { stop() }
        while true {
            try pair.startIfDue(supervised, listeners)
            try front.startIfDue(supervised, listeners)
            if try wait() { return }
            try pair.reap(output)
            try front.reap(output)
            try answerControl()
            try unlock()
            try announce()
        }
    }

    /// Waits for something to happen; whether a signal asked to stop.
    private mutating func wait() throws(FrontError) -> Bool {
        var entries = [
            PollEntry(signals.number),
            PollEntry(listeners.control.number),
            PollEntry(pair.readinessNumber),
            PollEntry(front.pulseNumber),
            PollEntry(unlocking.connectionNumber),
            PollEntry(probe.connectionNumber),
            PollEntry(words.number),
        ]
        let due = [
            pair.backoff.remaining, front.backoff.remaining, front.remaining, probeInterval,
        ].compactMap { $0 }
        do {
            var room = entries.mutableSpan
            _ = try Poll.wait(&room, milliseconds: due.min())
        } catch {
            throw .failed("waiting failed: \(error)")
        }
        words.relay()
        if entries[2].isReadable { pair.readReadiness() }
        if entries[3].isReadable { front.readPulse() }
        front.endIfSilent(output)
        if entries[5].isReadable { probe.read() }
        unlocking.hasReply = entries[4].isReadable
        while true {
            let signal = linux_next_signal(signals.number)
            if signal < 0 { return false }
            if signal != LINUX_SIGCHLD { return true }
        }
    }

    /// Milliseconds to the next question to the gate, while there is something to find out.
    private var probeInterval: Int32? {
        pair.isListening && front.isListening && !announced ? probe.remaining : nil
    }

    /// Gives the passphrase to the first signer that listens, once.
    private mutating func unlock() throws(FrontError) {
        if pair.wasRestarted {
            unlocking.forget()
            guard announced || !unlocking.wasAsked else {
                throw .failed(
                    "signer and gate ended before they served, and nobody keeps the passphrase: "
                        + "start again"
                )
            }
        }
        if pair.isListening { try unlocking.sendIfHeld(operators) }
        try unlocking.readReply(operators, home)
    }

    /// Says `ready` once: when all three answer, and, if a passphrase was given, when the gate
    /// serves.
    private mutating func announce() throws(FrontError) {
        guard !announced, pair.isListening, front.isListening else { return }
        if let status = probe.result, status.serving || !unlocking.wasAsked {
            announced = true
            output.ready()
            return
        }
        try probe.startIfDue(home)
    }

    private mutating func answerControl() throws(FrontError) {
        guard let request = ControlConnection.accept(listeners.control) else { return }
        switch request.kind {
        case .status: break
        case .lock:
            // Nobody is asked and nothing is waited for: the key is gone with the process.
            pair.lock()
        }
        request.answer(
            ControlReply(
                processes: pair.facts + [front.facts],
                startedBoottime: startedBoottime,
                lastFailure: pair.lastFailure ?? front.lastFailure
            )
        )
    }

    /// Ends the three and waits for them.
    private mutating func stop() {
        Listeners.remove(home)
        front.stop()
        pair.stop()
        words.relay()
    }
}
