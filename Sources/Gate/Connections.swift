import LocalSocket
import Wire

/// A socket at which clients come, and what they are there.
final class ClientListener {
    let descriptor: Descriptor
    let role: ClientRole

    init(_ descriptor: consuming Descriptor, _ role: ClientRole) {
        self.descriptor = descriptor
        self.role = role
    }
}

/// Which uids are served at which socket.
package struct PermittedClients: Sendable {
    /// At gate.sock these alone.
    package let front: [UInt32]
    /// At clients.sock, where the file system lets in whom it does, none of these: the front has a
    /// socket of its own.
    package let barred: [UInt32]

    package init(front: [UInt32], barred: [UInt32] = []) {
        self.front = front
        self.barred = barred
    }

    func contains(_ uid: UInt32, as role: ClientRole) -> Bool {
        role == .front ? front.contains(uid) : !barred.contains(uid)
    }
}

/// The clients at the sockets, within caps: how many, how many of one uid, and how many bytes of
/// requests that are not whole yet.
final class Connections {
    /// Nanoseconds after which a connection that said nothing gives way to a new one of its uid.
    static let idlePatience: UInt64 = 1_000_000_000
    static let heldBytesMax = 256 << 20

    private let permitted: PermittedClients
    private(set) var all: [ClientID: Connection] = [:]
    private var nextID: ClientID = 1

    init(_ permitted: PermittedClients) {
        self.permitted = permitted
    }

    /// Whether the next connection is looked at: the front's wait in their queue where there is no
    /// room, of the others each is told.
    func looks(at role: ClientRole) -> Bool {
        role == .local || all.values.count { $0.role == role } < role.countMax
    }

    /// What becomes of a new connection.
    enum Admission {
        case admitted
        case turnedAway(Refusal, uid: UInt32)
        case gone
    }

    /// Takes the next connection of the listener.
    func accept(
        _ listener: ClientListener,
        now: UInt64
    ) throws(GateError) -> Admission? {
        do throws(SocketError) {
            let role = listener.role
            let descriptor = try listener.descriptor.accept(nonblocking: true)
            let uid = try descriptor.peerCredentials().uid
            guard permitted.contains(uid, as: role) else {
                Self.turnAway(descriptor, .requesterNotPermitted)
                return .turnedAway(.requesterNotPermitted, uid: uid)
            }
            guard makeRoom(for: uid, role, now: now) else {
                Self.turnAway(descriptor, .busy)
                return .turnedAway(.busy, uid: uid)
            }
            all[nextID] = Connection(nextID, uid: uid, role: role, now: now, descriptor)
            nextID += 1
            return .admitted
        } catch {
            switch error {
            case .wouldBlock: return nil
            // The client gave up before it was accepted; the next one may be well.
            case .failed, .ended: return .gone
            }
        }
    }

    /// Whether a uid may have one more, after an idle one was closed if need be: its own where it
    /// has as many as it may; where the role has, one of whoever has most.
    private func makeRoom(for uid: UInt32, _ role: ClientRole, now: UInt64) -> Bool {
        let others = Dictionary(grouping: all.values.filter { $0.role == role }, by: \.uid)
        let own = others[uid] ?? []
        if own.count >= role.countOfOneMax { return closeIdle(of: own, now: now) }
        let count = others.values.reduce(0) { $0 + $1.count }
        guard count >= role.countMax else { return true }
        let most = others.values.max { $0.count < $1.count } ?? []
        return most.count > own.count + 1 && closeIdle(of: most, now: now)
    }

    /// Closes the one of these that said nothing for longest, if it did for long enough.
    private func closeIdle(of clients: [Connection], now: UInt64) -> Bool {
        let idle = clients.filter(\.isIdle).min { $0.heardAt < $1.heardAt }
        guard let idle, now - idle.heardAt >= Self.idlePatience else { return false }
        remove(idle.id)
        return true
    }

    /// The client that holds most, where more bytes of unfinished requests are held than may be:
    /// not whoever happens to send the next byte.
    var overfull: Connection? {
        let held = all.values.reduce(0) { $0 + $1.heldCount }
        return held > Self.heldBytesMax ? all.values.max { $0.heldCount < $1.heldCount } : nil
    }

    func remove(_ id: ClientID) {
        all[id] = nil
    }

    /// Says why, if the socket takes it at once.
    private static func turnAway(_ descriptor: borrowing Descriptor, _ refusal: Refusal) {
        let frame = Frame(.gateRefused, GateServer.refusal(RefusalDetail(refusal)))
        do throws(SocketError) {
            _ = try descriptor.writeSome(frame.bytes.span)
        } catch {
            // It is closed either way.
        }
    }
}
