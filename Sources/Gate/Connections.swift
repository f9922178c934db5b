import LocalSocket
import Wire

/// The clients at the socket, within caps: how many, how many of one uid, and how many bytes of
/// requests that are not whole yet.
final class Connections {
    static let countMax = 1_024
    static let countOfOneMax = 512
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
    func accept(_ listener: borrowing Descriptor) throws(GateError) -> Admission? {
        do throws(SocketError) {
            let descriptor = try listener.accept(nonblocking: true)
            let uid = try descriptor.peerCredentials().uid
            guard allowed.contains(uid) else {
                Self.turnAway(descriptor, .requesterNotPermitted)
                return .turnedAway(.requesterNotPermitted, uid: uid)
            }
            guard all.values.count(where: { $0.uid == uid }) < Self.countOfOneMax else {
                Self.turnAway(descriptor, .busy)
                return .turnedAway(.busy, uid: uid)
            }
            all[nextID] = Connection(nextID, uid: uid, descriptor)
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

    /// Whether more bytes of unfinished requests are held than may be.
    var isOverfull: Bool {
        all.values.reduce(0) { $0 + $1.heldCount } > Self.heldBytesMax
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
