private import CLinux
package import LocalSocket
private import Wire

/// Why the loop came to its end.
package enum LoopEnd: Equatable, Sendable {
    /// SIGTERM, and the log says so.
    case stopped
    /// The signer hung up.
    case signerGone
}

/// One poll(2) over the signer, the clients and the signals; everything is decided by the server.
package final class EventLoop {
    /// Nanoseconds from SIGTERM to the end, whatever the signer does.
    static let stopPatience: UInt64 = 1_500_000_000
    private static let pieceCount = 65_536
    /// Reads of one descriptor before the others have their turn.
    private static let readsMax = 16
    /// New connections of a socket before the others have their turn.
    private static let acceptsMax = 64

    private let server: GateServer
    private let signer: Descriptor
    private let listeners: [ClientListener]
    private let signals: Descriptor
    private let connections: Connections
    private let serving: () -> Void
    private var wasServing = false
    private var piece = [UInt8](repeating: 0, count: pieceCount)
    private var now: UInt64
    private var stopAt: UInt64?
    private var isSignerGone = false
    /// Waits in which the signer's answer is not looked for first.
    private var sleepsLeft = 0
    /// Something came in after the last turn, so the next one is due at once.
    private var isTurnDue = false

    /// `listener` is gate.sock, `local` clients.sock where there is one; `serving` is called once,
    /// when requests are served.
    package init(
        _ server: GateServer,
        signer: consuming Descriptor,
        listener: consuming Descriptor,
        local: consuming Descriptor? = nil,
        signals: consuming Descriptor,
        permitted: PermittedClients,
        serving: @escaping () -> Void
    ) throws(GateError) {
        self.server = server
        self.signer = signer
        var listeners = [ClientListener(listener, .front)]
        if let local { listeners.append(ClientListener(local, .local)) }
        self.listeners = listeners
        self.signals = signals
        self.serving = serving
        connections = Connections(permitted)
        now = try Self.boottime()
        do throws(SocketError) {
            try self.signer.setNonblocking(true)
            for listener in listeners { try listener.descriptor.setNonblocking(true) }
        } catch {
            throw .kernel(errno: error.errno)
        }
    }

    /// Nanoseconds for which the signer's answer is looked for without sleeping: waking a processor
    /// that idles takes longer than most answers.
    private static let spinPatience: UInt64 = 300_000
    /// Sleeps after a look that was in vain, before the next look: the disk is slow then.
    private static let spinPause = 16

    /// Runs until a signal or the signer ends it. An error ends it without a word to anyone.
    package func run() throws(GateError) -> LoopEnd {
        while true {
            if try !hasSignerAnswered() { try wait() }
            // Whoever is answered hears of it before the log is tended.
            try deliver()
            try server.assess()
            try flushSigner()
            try server.turn()
            try flushSigner()
            try deliver()
            if server.phase == .serving, !wasServing {
                wasServing = true
                serving()
            }
            if isSignerGone {
                try server.end(.signerGone)
                try deliver()
                return .signerGone
            }
            if let stopAt, now >= stopAt, server.phase != .stopped { try server.end(.notServing) }
            if server.phase == .stopped {
                try deliver()
                return .stopped
            }
        }
    }

    /// Waits, then takes in all that has come.
    private func wait() throws(GateError) {
        let clients = Array(connections.all.values)
        var entries = [
            PollEntry(signer.number, writing: server.signer.wantsToWrite),
            PollEntry(signals.number),
        ]
        for listener in listeners {
            let looks = connections.looks(at: listener.role)
            entries.append(PollEntry(looks ? listener.descriptor.number : -1))
        }
        for client in clients {
            entries.append(
                PollEntry(
                    client.descriptor.number,
                    reading: client.wantsToRead,
                    writing: client.wantsToWrite
                )
            )
        }
        do throws(SocketError) {
            var room = entries.mutableSpan
            let limit = isTurnDue ? 0 : server.turnMilliseconds
            _ = try Poll.wait(&room, milliseconds: limit)
        } catch {
            throw .kernel(errno: error.errno)
        }
        isTurnDue = false
        now = try Self.boottime()
        if entries[0].isReadable { try readSigner() }
        if entries[1].isReadable { takeSignals() }
        for (place, listener) in listeners.enumerated() where entries[2 + place].isReadable {
            try acceptSome(of: listener)
        }
        for (place, client) in clients.enumerated() {
            let entry = entries[2 + listeners.count + place]
            if entry.isWritable, client.wantsToWrite { try flush(client) }
            if entry.isReadable { try read(client, hungUp: entry.isHungUp) }
            try hurry(client)
        }
    }

    private static func boottime() throws(GateError) -> UInt64 {
        let now = linux_clock_nanoseconds(LINUX_CLOCK_BOOTTIME)
        guard now >= 0 else { throw .kernel(errno: Int32(clamping: -now)) }
        return UInt64(now)
    }
}

/// The signer's socket, and signals.
extension EventLoop {
    /// Looks for the signer's answer for a short while, when it is the only thing to wait for.
    private func hasSignerAnswered() throws(GateError) -> Bool {
        guard server.isSignerAlone, !server.signer.wantsToWrite else { return false }
        guard sleepsLeft == 0 else {
            sleepsLeft -= 1
            return false
        }
        let end = try Self.boottime() + Self.spinPatience
        repeat {
            guard try !readSigner() else { return true }
            now = try Self.boottime()
        } while now < end
        sleepsLeft = Self.spinPause
        return false
    }

    /// Takes in what the signer sent; whether there was anything.
    @discardableResult
    private func readSigner() throws(GateError) -> Bool {
        for turn in 0..<Self.readsMax {
            var count = 0
            do throws(SocketError) {
                var room = piece.mutableSpan
                count = try signer.readSome(into: &room)
            } catch {
                if error == .wouldBlock { return turn > 0 }
            }
            // An end and a broken socket are the same: the signer is gone.
            guard count > 0 else {
                isSignerGone = true
                return true
            }
            try server.receiveFromSigner(piece[0..<count])
            if count < piece.count { return true }
        }
        return true
    }

    private func flushSigner() throws(GateError) {
        do throws(SocketError) {
            try server.signer.flush { bytes throws(SocketError) in
                try signer.writeSome(bytes)
            }
        } catch {
            if error != .wouldBlock { isSignerGone = true }
        }
    }

    private func takeSignals() {
        // Every signal that arrives here asks for the end.
        while linux_next_signal(signals.number) > 0 {
            server.stop()
            if stopAt == nil { stopAt = now + Self.stopPatience }
        }
    }
}

/// The clients' sockets.
extension EventLoop {
    private func acceptSome(of listener: ClientListener) throws(GateError) {
        for _ in 0..<Self.acceptsMax where connections.looks(at: listener.role) {
            guard let admission = try connections.accept(listener, now: now) else { return }
            if case .turnedAway(let refusal, let uid) = admission {
                try server.countRefusal(refusal, requester: uid)
            }
            if case .gone = admission { return }
        }
    }

    private func read(_ client: Connection, hungUp: Bool) throws(GateError) {
        // While it waits for a reply, a client that hangs up is all there is to learn.
        guard client.wantsToRead else {
            if hungUp { drop(client) }
            return
        }
        for _ in 0..<Self.readsMax where client.wantsToRead {
            var count = 0
            do throws(SocketError) {
                var room = piece.mutableSpan
                count = try client.descriptor.readSome(into: &room)
            } catch {
                if error == .wouldBlock { return }
            }
            guard count > 0 else { return drop(client) }
            try take(piece[0..<count], from: client)
            if count < piece.count { return }
        }
    }

    private func take(_ bytes: ArraySlice<UInt8>, from client: Connection) throws(GateError) {
        let frame: Frame?
        do throws(FrameError) {
            frame = try client.take(bytes, now: now)
        } catch {
            return try end(client, error.refusal(for: client.role))
        }
        if let frame {
            return try server.receive(
                frame,
                from: client.id,
                requester: client.uid,
                role: client.role
            )
        }
        if let largest = connections.overfull { try end(largest, .busy) }
    }

    /// Ends what takes too long: a request that does not come, a reply that is not taken.
    private func hurry(_ client: Connection) throws(GateError) {
        guard let deadline = client.deadline, now >= deadline else { return }
        if client.wantsToWrite { return drop(client) }
        try end(client, .timedOut)
    }

    /// Tells a client why and closes; the refusal is counted.
    private func end(_ client: Connection, _ refusal: Refusal) throws(GateError) {
        try server.countRefusal(refusal, requester: client.uid)
        let payload = GateServer.refusal(RefusalDetail(refusal))
        client.send(Frame(.gateRefused, payload), last: true, now: now)
        try flush(client)
    }

    /// Writes what the client takes; when it has all, what it had sent meanwhile is looked at.
    private func flush(_ client: Connection) throws(GateError) {
        guard client.flush() else { return drop(client) }
        guard client.hasUnread, client.wantsToRead else { return }
        isTurnDue = true
        try take([], from: client)
    }

    private func drop(_ client: Connection) {
        server.leave(client.id)
        connections.remove(client.id)
    }

    /// Sends what the server left for clients.
    private func deliver() throws(GateError) {
        let replies = server.replies
        server.replies = []
        for reply in replies {
            guard let client = connections.all[reply.client] else { continue }
            client.send(Frame(reply.kind, reply.payload), last: false, now: now)
            try flush(client)
        }
    }
}

extension FrameError {
    /// What a client is told.
    fileprivate func refusal(for role: ClientRole) -> Refusal {
        switch self {
        case .tooLong: .tooLarge
        case .notPermitted(.sign), .notPermitted(.open), .notPermitted(.signOpened): .tooLarge
        case .notPermitted(.gateStatus), .notPermitted(.gateAddress), .notPermitted(.gateXpub):
            role == .local ? .requesterNotPermitted : .malformedFrame
        case .notPermitted, .unknownKind, .empty, .cutShort: .malformedFrame
        }
    }
}

extension SocketError {
    /// The errno of a call that must not fail.
    fileprivate var errno: Int32 {
        switch self {
        case .failed(_, let errno): errno
        case .ended, .wouldBlock: 0
        }
    }
}
