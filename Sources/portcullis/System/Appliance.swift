import Front
import LocalSocket
private import Wire

/// A running appliance, as the commands steer it.
struct Appliance {
    let home: Home
    let patience: Patience

    /// How long the gate may take to resume a long log, in milliseconds.
    static let servingMilliseconds: Int64 = 120_000

    init(_ home: Home, _ patience: Patience) {
        self.home = home
        self.patience = patience
    }

    /// What the supervisor says of its processes.
    func supervisor(_ request: ControlRequest = .status) throws(FrontError) -> ControlReply {
        let socket = try UnixSocket.connect(home.controlSocket, to: .supervisor, patience)
        return try ask(request, on: socket)
    }

    /// The same, or nothing where no supervisor runs.
    func supervisorIfAny() throws(FrontError) -> ControlReply? {
        guard
            let socket = try UnixSocket.connectIfAny(
                home.controlSocket,
                to: .supervisor,
                patience
            )
        else { return nil }
        return try ask(.status, on: socket)
    }

    private func ask(
        _ request: ControlRequest,
        on socket: borrowing Descriptor
    ) throws(FrontError) -> ControlReply {
        do throws(SocketError) {
            let byte = [request.rawValue]
            try socket.writeAll(byte.span)
        } catch {
            throw .failed("the supervisor closed the connection: \(SystemWords.reason(error))")
        }
        let read = try JSONFrame.read(
            ControlReply.self,
            from: .supervisor,
            on: socket,
            patience
        )
        guard let reply = read else {
            throw .failed("the supervisor closed the connection without an answer")
        }
        return reply.document
    }

    /// How gate and signer stand, by way of the front.
    func status() throws(FrontError) -> GateStatusFacts {
        guard case .status(let facts) = try FrontClient.ask(.status, of: home, patience) else {
            throw .failed("the front answered something else than was asked")
        }
        return facts
    }

    /// Sends the passphrase, then waits until the gate serves.
    func unlock(_ passphrase: borrowing Secret) throws(FrontError) {
        let payload = OperatorClient.unlockPayload(passphrase)
        let operators = OperatorClient(self)
        let socket = try operators.send(.unlock, payload)
        try home.noteLogKey(unlocked: operators.receive(.unlocked, from: socket))
        try awaitService()
    }

    /// Ends the signer, then waits until its successor answers.
    func lock() throws(FrontError) {
        try endSigner()
        try awaitSuccessor()
    }

    /// Ends the signer, whatever gate and front say or do not say. Its keys are gone with it.
    func endSigner() throws(FrontError) {
        let before = try supervisor(.lock).processes.first { $0.name == "signer" }?.pid
        try wait(for: "the signer to end") { () throws(FrontError) in
            guard let now = try supervisor().processes.first(where: { $0.name == "signer" })?.pid
            else { return false }
            return now != before
        }
    }

    /// Waits until a signer answers. It is sealed, unless another operator was quick; and if
    /// somebody locked again, what answers is a later one.
    func awaitSuccessor() throws(FrontError) {
        try wait(for: "the sealed signer") { () throws(FrontError) in
            try statusIfAny() != nil
        }
    }

    /// Waits until an open signer serves: after an unlock a long log takes the gate a while.
    func awaitService() throws(FrontError) {
        let restarts = try restartCount()
        try wait(for: "the gate to serve") { () throws(FrontError) in
            if try statusIfAny()?.serving == true { return true }
            guard try restartCount() == restarts else {
                throw .failed("the signer ended again: see what `portcullis up` says")
            }
            return false
        }
    }

    private func wait(
        for what: String,
        _ isReached: () throws(FrontError) -> Bool
    ) throws(FrontError) {
        let end = Processes.now + Self.servingMilliseconds
        repeat {
            if try isReached() { return }
            Processes.pause(milliseconds: 20)
        } while Processes.now < end
        throw .failed("waited \(Self.servingMilliseconds / 1_000) s for \(what), in vain")
    }

    /// Nothing while a process is being started again; one that gives no answer is an error.
    private func statusIfAny() throws(FrontError) -> GateStatusFacts? {
        do {
            return try status()
        } catch .silent(let report) {
            throw .silent(report)
        } catch {
            return nil
        }
    }

    private func restartCount() throws(FrontError) -> Int {
        try supervisor().processes.first { $0.name == "signer" }?.restarts ?? 0
    }
}
