package import LocalSocket

/// The command line's side of front.sock.
package enum FrontClient {
    /// Asks one thing and gives the answer; a failure that the front reports is thrown.
    package static func ask(_ request: FrontRequest, of home: Home) throws(FrontError) -> FrontReply
    {
        try ask(Framed(request), of: home).document
    }

    /// The same with the bytes that go with it, there and back.
    package static func ask(
        _ request: Framed<FrontRequest>,
        of home: Home
    ) throws(FrontError) -> Framed<FrontReply> {
        let socket = try UnixSocket.connect(home.frontSocket, what: "the appliance")
        return try ask(request, on: socket)
    }

    /// The same, or nothing where no front listens.
    package static func askIfAny(
        _ request: FrontRequest,
        of home: Home
    ) throws(FrontError) -> FrontReply? {
        guard
            let socket = try UnixSocket.connectIfAny(home.frontSocket, what: "the appliance")
        else { return nil }
        return try ask(Framed(request), on: socket).document
    }

    private static func ask(
        _ request: Framed<FrontRequest>,
        on socket: borrowing Descriptor
    ) throws(FrontError) -> Framed<FrontReply> {
        try JSONFrame.write(request, to: socket)
        guard let reply = try JSONFrame.read(FrontReply.self, from: socket) else {
            throw .failed("the front closed the connection without an answer")
        }
        if let error = reply.document.error { throw error }
        return reply
    }
}

/// Sockets by path.
package enum UnixSocket {
    /// The most bytes of a path that a socket may have.
    package static let pathCountMax = 107

    /// Connects, or says that nobody is there.
    package static func connect(_ path: String, what: String) throws(FrontError) -> Descriptor {
        guard let socket = try connectIfAny(path, what: what) else {
            throw .failed("\(what) does not answer at \(path): is `portcullis up` running?")
        }
        return socket
    }

    /// Connects; nothing where nobody listens. That we may not is an error: somebody may be there.
    package static func connectIfAny(
        _ path: String,
        what: String
    ) throws(FrontError) -> Descriptor? {
        let bytes = [UInt8](path.utf8)
        do throws(SocketError) {
            return try Descriptor.connect(to: bytes.span)
        } catch .failed(_, errno: 1), .failed(_, errno: 13) {
            throw .failed(
                "this user may not talk to \(what) at \(path): ask as root, or as the user "
                    + "that runs `portcullis up`"
            )
        } catch {
            return nil
        }
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
            throw .failed("somebody listens at \(path) already: is another `up` running?")
        } catch {
            throw .failed("cannot listen at \(path): \(SystemWords.reason(error))")
        }
    }
}
