import Front
import LocalSocket
private import Wire

/// A running appliance, as the commands steer it.
struct Appliance {
    let home: Home

    /// How long the gate may take to resume a long log, in milliseconds.
    static let servingMilliseconds = 120_000

    init(_ home: Home) {
        self.home = home
    }

    /// What the supervisor says of its processes.
    func supervisor(_ request: ControlRequest = .status) throws(FrontError) -> ControlReply {
        let socket = try UnixSocket.connect(home.controlSocket, what: "the supervisor")
        return try ask(request, on: socket)
    }

    /// The same, or nothing where no supervisor runs.
    func supervisorIfAny() throws(FrontError) -> ControlReply? {
        guard
            let socket = try UnixSocket.connectIfAny(home.controlSocket, what: "the supervisor")
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
        guard let reply = try JSONFrame.read(ControlReply.self, from: socket) else {
            throw .failed("the supervisor closed the connection without an answer")
        }
        return reply.document
    }

    /// How gate and signer stand, by way of the front.
    func status() throws(FrontError) -> GateStatusFacts {
        guard case .status(let facts) = try FrontClient.ask(.status, of: home) else {
            throw .failed("the front answered something else than was asked")
        }
        return facts
    }

    /// Sends the passphrase, then waits until the gate serves.
    func unlock(_ passphrase: borrowing Secret) throws(FrontError) {
        let payload = OperatorClient.unlockPayload(passphrase)
        let socket = try OperatorClient.send(.unlock, payload, home)
        try home.noteLogKey(unlocked: OperatorClient.receive(.unlocked, from: socket, home))
        try wait(for: "the gate to serve") { status in status?.serving == true }
    }

    /// Ends the signer, then waits until its successor answers. That one is sealed, unless another
    /// operator was quick; and if somebody locked again, what answers is a later one.
    func lock() throws(FrontError) {
        let before = try supervisor(.lock).processes.first { $0.name == "signer" }?.pid
        try wait(for: "the sealed signer") { () throws(FrontError) in
            guard let now = try supervisor().processes.first(where: { $0.name == "signer" })?.pid
            else { return false }
            return now != before
        }
        try wait(for: "the sealed signer") { statusIfAny() != nil }
    }

    /// Asks until the answer will do.
    private func wait(
        for what: String,
        _ isReached: (GateStatusFacts?) -> Bool
    ) throws(FrontError) {
        let restarts = try restartCount()
        try wait(for: what) { () throws(FrontError) in
            if isReached(statusIfAny()) { return true }
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
        for _ in 0..<(Self.servingMilliseconds / 20) {
            if try isReached() { return }
            Processes.pause(milliseconds: 20)
        }
        throw .failed("waited too long for \(what)")
    }

    private func statusIfAny() -> GateStatusFacts? {
        do {
            return try status()
        } catch {
            return nil
        }
    }

    private func restartCount() throws(FrontError) -> Int {
        try supervisor().processes.first { $0.name == "signer" }?.restarts ?? 0
    }
}
