private import CLinux
import Front
import LocalSocket

/// The sockets of run/ that stay with the supervisor, so that a process that is started again finds
/// its clients waiting.
///
/// The operators' socket is not among them: it belongs to one sealed signer and ends with its
/// unlock, so that no passphrase can wait in a queue for the next one.
struct Listeners: ~Copyable {
    let gate: Descriptor
    let clients: Descriptor
    let front: Descriptor
    let control: Descriptor
    /// Keeps a second supervisor out: two that start at once would take each other's sockets for
    /// what a dead one left behind.
    private let lock: Descriptor

    init(home: Home, users: HomeFacts.Users?) throws(FrontError) {
        let lock = try Self.takeLock(home.upLock)
        let control = try UnixSocket.listen(home.controlSocket, mode: 0o600)
        let gate = try UnixSocket.listen(home.gateSocket, mode: users == nil ? 0o600 : 0o660)
        let front = try UnixSocket.listen(home.frontSocket, mode: users == nil ? 0o600 : 0o660)
        let group = users?.clients
        let clients = try UnixSocket.listen(home.clientsSocket, mode: group == nil ? 0o600 : 0o660)
        if let group { try Files.giveAway(home.clientsSocket, uid: 0, gid: group) }
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
        self.lock = lock
        self.control = control
        self.gate = gate
        self.clients = clients
        self.front = front
    }

    /// A lock that the kernel takes back however we end, on a file that nobody else may open.
    private static func takeLock(_ path: String) throws(FrontError) -> Descriptor {
        let file = try Files.open(path, flags: LINUX_O_RDWR | LINUX_O_CREAT, mode: 0o600)
        let result = linux_flock(file.number, LINUX_LOCK_EX | LINUX_LOCK_NB)
        if result == -LINUX_EAGAIN { throw .failed("another `up` is running on this home") }
        try Files.check(result, "lock", path)
        return file
    }

    /// Takes the names away; nobody can connect any more.
    static func remove(_ home: Home) {
        let sockets = [
            home.frontSocket, home.clientsSocket, home.gateSocket, home.operatorSocket,
            home.controlSocket,
        ]
        for path in sockets { Files.remove(path) }
    }
}
