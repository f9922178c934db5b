import LocalSocket
import Wire

/// The clients at the socket, within caps: how many, how many of one uid, and how many bytes of
/// requests that are not whole yet.
final class Connections {
    static let countMax = 1_024
    /// Twice as many are fewer than `countMax`: two uids are served, and neither fills it.
    static let countOfOneMax = 500
    /// Nanoseconds after which a connection that said nothing gives way to a new one of its uid.
    static let idlePatience: UInt64 = 1_000_000_000
    static let heldBytesMax = 256 << 20

    private let allowed: Set<UInt32>
    private(set) var all: [ClientID: Connection] = [:]
    private var nextID: ClientID = 1

    /// Only clients of these uids are served.
    init(allowed: [UInt32]) {
        self.allowed = Set(allowed)
    }

    var hasRoom: Bool { all.count < Self.countMax }

    /// What becomes of a new connection.
    enum Admission {
        case admitted
        case turnedAway(Refusal, uid: UInt32)
        case gone
    }

    /// Takes the next connection of the listener.
    func accept(
        _ listener: borrowing Descriptor,
        now: UInt64
    ) throws(GateError) -> Admission? {
        do throws(SocketError) {
            let descriptor = try listener.accept(nonblocking: true)
            let uid = try descriptor.peerCredentials().uid
            guard allowed.contains(uid) else {
                Self.turnAway(descriptor, .requesterNotPermitted)
                return .turnedAway(.requesterNotPermitted, uid: uid)
            }
            guard makeRoom(for: uid, now: now) else {
                Self.turnAway(descriptor, .busy)
                return .turnedAway(.busy, uid: uid)
            }
            all[nextID] = Connection(nextID, uid: uid, now: now, descriptor)
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

    /// Whether a uid may have one more, after its longest idle one was closed if need be.
    private func makeRoom(for uid: UInt32, now: UInt64) -> Bool {
        let own = all.values.filter { $0.uid == uid }
        guard own.count >= Self.countOfOneMax else { return true }
        let idle = own.filter(\.isIdle).min { $0.heardAt < $1.heardAt }
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
