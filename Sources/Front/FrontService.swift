private import CLinux
package import LocalSocket

/// Where the front finds its files: by descriptors of folders, so that it needs no right on the way
/// there.
package struct FrontPlaces: Sendable {
    /// The descriptor of run/.
    let runFolder: Int32

    package init(runFolder: Int32) {
        self.runFolder = runFolder
    }

    /// The gate's socket by way of the descriptor.
    var gateSocket: String { "/proc/self/fd/\(runFolder)/gate.sock" }
}

/// The front as a service: one thread, one poll(2), many clients. It keeps nothing between two
/// requests but the scripts of our own wallets.
package struct FrontService: ~Copyable {
    /// The most clients at once, and the most bytes held for all of them.
    static let clientCountMax = 64
    static let byteCountMax = 512 << 20

    private let listener: Descriptor
    private let operations: FrontOperations
    private let places: FrontPlaces
    private let patience: Patience
    /// Where the supervisor reads that we are alive.
    private let pulse: Descriptor
    private var nextPulse: Int64 = 0
    private var clients: [FrontClientConnection] = []

    package init(
        _ facts: HomeFacts,
        policy: BundleFacts?,
        listener: consuming Descriptor,
        places: FrontPlaces,
        pulse: consuming Descriptor,
        patience: Patience
    ) throws(FrontError) {
        let operations = try FrontOperations(facts, policy: policy)
        do throws(SocketError) {
            try listener.setNonblocking(true)
            try pulse.setNonblocking(true)
        } catch {
            throw .failed("the sockets cannot be set up: \(SystemWords.reason(error))")
        }
        self.operations = operations
        self.places = places
        self.listener = listener
        self.pulse = pulse
        self.patience = patience
    }

    /// Serves until the process is ended; throws only when the kernel fails us.
    package mutating func run() throws(FrontError) {
        while true {
            try turn()
        }
    }

    static var now: Int64 { linux_clock_nanoseconds(LINUX_CLOCK_MONOTONIC) / 1_000_000 }

    /// Waits for one thing to happen and deals with it.
    private mutating func turn() throws(FrontError) {
        beat()
        let isFull = clients.count >= Self.clientCountMax
        let milliseconds = min(clients.isEmpty ? .max : 1_000, patience.beatMilliseconds)
        var entries = [PollEntry(isFull ? -1 : listener.number)]
        for client in clients {
            entries.append(client.clientEntry)
            entries.append(client.gateEntry)
        }
        do {
            var room = entries.mutableSpan
            _ = try Poll.wait(&room, milliseconds: Int32(clamping: milliseconds))
        } catch {
            throw .failed("waiting failed: \(error)")
        }
        let now = Self.now
        for (place, client) in clients.enumerated() {
            if entries[1 + 2 * place].returned != 0 {
                client.serveClient(operations, places, now: now)
            }
            if entries[2 + 2 * place].returned != 0 { client.serveGate(operations, now: now) }
            // One client's work may take a while: the others, and the supervisor, hear of it.
            beat()
        }
        if entries[0].isReadable { accept(now: now) }
        dismiss(now: now)
    }

    private mutating func accept(now: Int64) {
        do {
            let socket = try listener.accept(nonblocking: true)
            clients.append(FrontClientConnection(socket, patience, now: now))
        } catch {
            // Whoever it was is gone already.
            return
        }
    }

    /// Says that we are alive and at work, when it is time.
    private mutating func beat() {
        let now = Self.now
        for client in clients { client.beat(now: now) }
        guard now >= nextPulse else { return }
        nextPulse = now + patience.beatMilliseconds
        do {
            let byte: [UInt8] = [0x31]
            _ = try pulse.writeSome(byte.span)
        } catch {
            // The pipe is full, or nobody reads it: there is nothing to be done about it here.
            return
        }
    }

    /// Those that are done, that took too long, and, when too much is held in all, the largest.
    private mutating func dismiss(now: Int64) {
        for client in clients { client.expire(now: now) }
        clients.removeAll { $0.isFinished }
        while clients.reduce(0, { $0 + $1.byteCount }) > Self.byteCountMax,
            let largest = clients.indices.max(by: { clients[$0].byteCount < clients[$1].byteCount })
        {
            clients.remove(at: largest)
        }
    }
}
