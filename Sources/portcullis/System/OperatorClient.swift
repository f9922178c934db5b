private import CLinux
import Front
import LocalSocket
import Wire

/// The operator's side of operator.sock (protocol.md, section 8).
enum OperatorClient {
    /// `vec16 passphrase`.
    static func unlockPayload(_ passphrase: borrowing Secret) -> [UInt8] {
        let count = passphrase.count
        var payload: [UInt8] = []
        payload.reserveCapacity(count + 2)
        payload.append(UInt8(truncatingIfNeeded: count))
        payload.append(UInt8(truncatingIfNeeded: count >> 8))
        for index in 0..<count { payload.append(passphrase.span[index]) }
        return payload
    }

    /// Sends one request and gives the connection, on which the answer will come. What was sent is
    /// wiped: it may be a passphrase.
    static func send(
        _ kind: MessageKind,
        _ payload: consuming [UInt8],
        _ home: Home
    ) throws(FrontError) -> Descriptor {
        var payload = payload
        defer { wipe(&payload) }
        let socket = try UnixSocket.connect(home.operatorSocket, what: "the signer")
        try Frame.write(kind, payload, to: socket)
        return socket
    }

    /// Waits for the answer.
    static func receive(
        _ expected: MessageKind,
        from socket: borrowing Descriptor
    ) throws(FrontError) -> [UInt8] {
        let (kind, payload) = try Frame.read(from: socket)
        if kind == expected { return payload }
        guard kind == .refused else {
            throw .failed("the signer answered with a message of kind \(kind.rawValue)")
        }
        throw .refused(try RefusalWords.report(stage: "signer", payload: payload))
    }

    private static func wipe(_ bytes: inout [UInt8]) {
        // SAFETY: the array is ours, and all its bytes are borrowed for the call.
        unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe linux_wipe(buffer.baseAddress, buffer.count)
        }
    }
}
