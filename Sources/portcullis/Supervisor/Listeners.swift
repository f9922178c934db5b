import Front
import LocalSocket

/// The sockets of run/ that stay with the supervisor, so that a process that is started again finds
/// its clients waiting.
///
/// The operators' socket is not among them: it belongs to one sealed signer and ends with its
/// unlock, so that no passphrase can wait in a queue for the next one.
struct Listeners: ~Copyable {
    let gate: Descriptor
    let front: Descriptor
    let control: Descriptor

    init(home: Home, users: HomeFacts.Users?) throws(FrontError) {
        // The first one also keeps a second supervisor out.
        let control = try UnixSocket.listen(home.controlSocket, mode: 0o600)
        let gate = try UnixSocket.listen(home.gateSocket, mode: users == nil ? 0o600 : 0o660)
        let front = try UnixSocket.listen(home.frontSocket, mode: users == nil ? 0o600 : 0o660)
        if let users {
            // Root made them: the front may ask the gate, and members of the front's group the
            // front.
            try Files.giveAway(home.gateSocket, uid: 0, gid: users.front)
            try Files.giveAway(home.frontSocket, uid: 0, gid: users.front)
        }
        do {
            try control.setNonblocking(true)
        } catch {
            throw .failed("a socket cannot be set up: \(error)")
        }
        self.control = control
        self.gate = gate
        self.front = front
    }

    /// Takes the names away; nobody can connect any more.
    static func remove(_ home: Home) {
        for path in [home.frontSocket, home.gateSocket, home.operatorSocket, home.controlSocket] {
            Files.remove(path)
        }
    }
}
