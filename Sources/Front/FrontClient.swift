private import CLinux
package import LocalSocket

/// The command line's side of front.sock.
package enum FrontClient {
    /// Asks one thing and gives the answer; a failure that the front reports is thrown.
    package static func ask(
        _ request: FrontRequest,
        of home: Home,
        _ patience: Patience
    ) throws(FrontError) -> FrontReply {
        try ask(Framed(request), of: home, patience).document
    }

    /// The same with the bytes that go with it, there and back.
    package static func ask(
        _ request: Framed<FrontRequest>,
        of home: Home,
        _ patience: Patience
    ) throws(FrontError) -> Framed<FrontReply> {
        let socket = try UnixSocket.connect(home.frontSocket, to: .front, patience)
        return try ask(request, on: socket, patience)
    }

    /// The same, or nothing where no front listens.
    package static func askIfAny(
        _ request: FrontRequest,
        of home: Home,
        _ patience: Patience
    ) throws(FrontError) -> FrontReply? {
        guard let socket = try UnixSocket.connectIfAny(home.frontSocket, to: .front, patience)
        else { return nil }
        return try ask(Framed(request), on: socket, patience).document
    }

    private static func ask(
        _ request: Framed<FrontRequest>,
        on socket: borrowing Descriptor,
        _ patience: Patience
    ) throws(FrontError) -> Framed<FrontReply> {
        let question = try JSONFrame.parts(request)
        guard let frame = try JSONFrame.exchange(question, with: .front, on: socket, patience)
        else {
            throw .failed(
                "the front closed the connection without an answer: it is being started again"
            )
        }
        let reply = try frame.decode(FrontReply.self)
        if let error = reply.document.error { throw error }
        return reply
    }
}

/// Sockets by path.
package enum UnixSocket {
    /// The most bytes of a path that a socket may have.
    package static let pathCountMax = 107

    /// Connects, or says that nobody is there. The socket is nonblocking.
    package static func connect(
        _ path: String,
        to peer: Peer,
        _ patience: Patience
    ) throws(FrontError) -> Descriptor {
        guard let socket = try connectIfAny(path, to: peer, patience) else {
            throw .failed("the \(peer) does not answer at \(path): is `portcullis up` running?")
        }
        return socket
    }

    /// Connects; nothing where nobody listens. That we may not is an error: somebody may be there.
    package static func connectIfAny(
        _ path: String,
        to peer: Peer,
        _ patience: Patience
    ) throws(FrontError) -> Descriptor? {
        let waiting = Waiting(patience)
        while true {
            do throws(SocketError) {
                return try connectAtOnce(path)
            } catch .wouldBlock {
                // So many wait to be accepted there that there is no room for one more.
                guard let remaining = waiting.remaining else {
                    throw peer.silent(for: patience.silenceMilliseconds)
                }
                _ = linux_poll(nil, 0, min(20, remaining))
            } catch .failed(_, errno: 1), .failed(_, errno: 13) {
                throw .failed(
                    "this user may not talk to the \(peer) at \(path): "
                        + (peer == .gate
                            ? "be a member of the socket's group, or ask the front"
                            : "ask as root, or as the user that runs `portcullis up`")
                )
            } catch {
                return nil
            }
        }
    }

    /// Connects without waiting. The socket is nonblocking.
    package static func connectAtOnce(_ path: String) throws(SocketError) -> Descriptor {
        let bytes = [UInt8](path.utf8)
        return try Descriptor.connectAtOnce(to: bytes.span)
    }

    /// Listens with those permission bits.
    package static func listen(_ path: String, mode: UInt32) throws(FrontError) -> Descriptor {
        let bytes = [UInt8](path.utf8)
        guard bytes.count <= pathCountMax else {
            throw .failed("\(path) is over \(pathCountMax) bytes, which no socket may be")
        }
        do throws(SocketError) {
            return try Descriptor.listen(at: bytes.span, mode: mode)
        } catch .failed(_, errno: 98) {
            throw .failed(
                "somebody listens at \(path) already: another `up` is running on this home"
            )
        } catch {
            throw .failed("cannot listen at \(path): \(SystemWords.reason(error))")
        }
    }
}
