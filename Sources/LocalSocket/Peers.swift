private import CLinux

/// Who is at the other end of a socket, as the kernel recorded it when they connected.
package struct PeerCredentials: Equatable, Sendable {
    /// The effective user id.
    package let uid: UInt32
    /// The effective group id.
    package let gid: UInt32
    /// The process id; it may have been reused since.
    package let pid: Int32

    /// These credentials.
    package init(uid: UInt32, gid: UInt32, pid: Int32) {
        self.uid = uid
        self.gid = gid
        self.pid = pid
    }
}

/// A Descriptor that is a stream socket on this machine.
extension Descriptor {
    /// Takes the next connection of a listener, close-on-exec; throws `wouldBlock` when there is
    /// none and the listener is nonblocking.
    package borrowing func accept(nonblocking: Bool = false) throws(SocketError) -> Descriptor {
        while true {
            let result = linux_accept(number, nonblocking ? 1 : 0)
            if result >= 0 { return Descriptor(adopting: result) }
            if result == -LINUX_EAGAIN { throw .wouldBlock }
            if result != -LINUX_EINTR { throw .failed(.accept, errno: -result) }
        }
    }

    /// Who is at the other end.
    package borrowing func peerCredentials() throws(SocketError) -> PeerCredentials {
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        var pid: Int32 = 0
        // SAFETY: the call writes one number to each address.
        let result = unsafe linux_peer(number, &uid, &gid, &pid)
        if result < 0 { throw .failed(.peerCredentials, errno: -result) }
        return PeerCredentials(uid: uid, gid: gid, pid: pid)
    }
}
