private import CLinux
import Front
import LocalSocket
import Wire

/// The operator's side of operator.sock (protocol.md, section 8).
struct OperatorClient {
    private let appliance: Appliance
    /// Whether the front may be asked why the signer does not listen. The supervisor does not: it
    /// waits for nobody, least of all for a process that it keeps.
    private let asksFront: Bool

    init(_ appliance: Appliance, asksFront: Bool = true) {
        self.appliance = appliance
        self.asksFront = asksFront
    }

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
    func send(
        _ kind: MessageKind,
        _ payload: consuming [UInt8]
    ) throws(FrontError) -> Descriptor {
        var payload = payload
        defer { Self.wipe(&payload) }
        let socket = try connect()
        do throws(FrontError) {
            try Frame.write(kind, payload, to: socket)
        } catch {
            // The socket was closed between the connection and the write.
            throw alreadyUnlocked() ?? error
        }
        return socket
    }

    /// Nobody listens where the signer is unlocked, or not running.
    private func connect() throws(FrontError) -> Descriptor {
        let path = appliance.home.operatorSocket
        guard let socket = try UnixSocket.connectIfAny(path, to: .signer, appliance.patience) else {
            throw alreadyUnlocked()
                ?? .failed(
                    "no sealed signer listens at \(path): `portcullis up` is not running, or is "
                        + "starting it again (see `portcullis status`)"
                )
        }
        do throws(SocketError) {
            try socket.setNonblocking(false)
        } catch {
            throw .failed("the socket cannot be set up: \(SystemWords.reason(error))")
        }
        return socket
    }

    /// How often the status is asked before it is believed that the signer is sealed: the gate
    /// learns of an unlock a moment after the operators' socket is closed.
    private static let statusTries = 50

    /// The refusal by name, if the signer is open: then its operators' socket is closed for good.
    private func alreadyUnlocked() -> FrontError? {
        guard asksFront else { return nil }
        for _ in 0..<Self.statusTries {
            do throws(FrontError) {
                switch try appliance.status().signerPhase {
                case "unresumed", "ready":
                    return .refused(
                        RefusalReport(
                            .alreadyUnlocked,
                            message: "the signer is unlocked, and takes nothing from operators",
                            remedy: "nothing; `portcullis lock` seals it again"
                        )
                    )
                default: Processes.pause(milliseconds: 20)
                }
            } catch {
                return nil
            }
        }
        return nil
    }

    /// Argon2id with all the memory and passes that a keystore may ask for takes less.
    private static let answerMilliseconds: Int64 = 180_000

    /// Waits for the answer.
    func receive(
        _ expected: MessageKind,
        from socket: borrowing Descriptor
    ) throws(FrontError) -> [UInt8] {
        let kind: MessageKind
        let payload: [UInt8]
        do throws(FrontError) {
            (kind, payload) = try Frame.read(
                from: .signer,
                on: socket,
                milliseconds: Self.answerMilliseconds
            )
        } catch .silent(let report) {
            throw .silent(report)
        } catch {
            // Somebody else's passphrase was quicker: whoever waited was hung up on.
            throw alreadyUnlocked() ?? error
        }
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
