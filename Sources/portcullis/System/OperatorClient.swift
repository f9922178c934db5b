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
        let socket = try connect(home)
        do throws(FrontError) {
            try Frame.write(kind, payload, to: socket)
        } catch {
            // The socket was closed between the connection and the write.
            throw alreadyUnlocked(home) ?? error
        }
        return socket
    }

    /// Nobody listens where the signer is unlocked, or not running.
    private static func connect(_ home: Home) throws(FrontError) -> Descriptor {
        let path = [UInt8](home.operatorSocket.utf8)
        do {
            return try Descriptor.connect(to: path.span)
        } catch {
            throw alreadyUnlocked(home)
                ?? .failed(
                    "no sealed signer listens at \(home.operatorSocket): `portcullis up` is not "
                        + "running (see `portcullis status`)"
                )
        }
    }

    /// How often the status is asked before it is believed that the signer is sealed: the gate
    /// learns of an unlock a moment after the operators' socket is closed.
    private static let statusTries = 50

    /// The refusal by name, if the signer is open: then its operators' socket is closed for good.
    private static func alreadyUnlocked(_ home: Home) -> FrontError? {
        for _ in 0..<statusTries {
            do throws(FrontError) {
                switch try Appliance(home).status().signerPhase {
                case "unresumed", "ready":
                    return .refused(
                        RefusalReport(
                            name: "already-unlocked",
                            stage: "signer",
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
    private static let answerMilliseconds: Int32 = 180_000

    /// Waits for the answer.
    static func receive(
        _ expected: MessageKind,
        from socket: borrowing Descriptor,
        _ home: Home
    ) throws(FrontError) -> [UInt8] {
        do {
            var entries = [PollEntry(socket.number)]
            var room = entries.mutableSpan
            guard try Poll.wait(&room, milliseconds: answerMilliseconds) > 0 else {
                throw FrontError.failed("the signer does not answer: another operator is at it")
            }
        } catch let error as FrontError {
            throw error
        } catch {
            throw .failed("waiting for the signer failed: \(error)")
        }
        let kind: MessageKind
        let payload: [UInt8]
        do throws(FrontError) {
            (kind, payload) = try Frame.read(from: socket)
        } catch {
            // Somebody else's passphrase was quicker: whoever waited was hung up on.
            throw alreadyUnlocked(home) ?? error
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
