import CLinux
import Confinement
import Gate
import LocalSocket

// portcullis-gate [weaker] [local] UID…: the descriptors are set up by the supervisor.
// 3 the signer, 4 gate.sock, 5 the folder of the logs, 6 the policy, 7 readiness, with `local` 8
// clients.sock. The uids are those that gate.sock is for: the supervisor's, then the front's where
// it has one of its own, which is not served at clients.sock.

let usage: Int32 = 2

/// Ends the process with words.
func fail(_ words: String, _ status: Int32) -> Never {
    var standardError = Descriptor(adopting: 2)
    standardError.pin()
    do throws(SocketError) {
        try standardError.writeAll(Array("gate: \(words)\n".utf8).span)
    } catch {
        // Nobody listens.
    }
    linux_exit(status)
}

/// The user made for this process alone: another one than the supervisor's, who made the socket.
func ownUser(_ socket: borrowing Descriptor) -> UInt32? {
    do throws(SocketError) {
        let supervisor = try socket.peerCredentials()
        return supervisor.uid == linux_uid() ? nil : linux_uid()
    } catch {
        fail("descriptor 3 is not the signer's socket: \(error)", usage)
    }
}

func run() -> Int32 {
    var arguments = CommandLine.arguments.dropFirst()
    let acceptsWeakerKernel = arguments.first == "weaker"
    if acceptsWeakerKernel { arguments = arguments.dropFirst() }
    let isLocalServed = arguments.first == "local"
    if isLocalServed { arguments = arguments.dropFirst() }
    let clients = arguments.compactMap { UInt32($0) }
    guard !clients.isEmpty, clients.count == arguments.count else {
        fail("usage: portcullis-gate [weaker] [local] UID…", usage)
    }
    let signer = Descriptor(adopting: 3)
    let user = ownUser(signer)
    let wanted: UInt64 = 1 << UInt64(LINUX_SIGTERM - 1) | 1 << UInt64(LINUX_SIGINT - 1)
    let signals = linux_signal_descriptor(wanted)
    guard signals >= 0 else { fail("signals cannot be received: error \(-signals)", usage) }
    do throws(GateError) {
        // Before the confinement: it reads the boot's identity from /proc.
        let clock = try SystemClock()
        try confine(user, acceptsWeakerKernel)
        let descriptors = GateDescriptors(
            signer: signer,
            listener: Descriptor(adopting: 4),
            local: isLocalServed ? Descriptor(adopting: 8) : nil,
            folder: Descriptor(adopting: 5),
            bundle: Descriptor(adopting: 6),
            readiness: Descriptor(adopting: 7),
            signals: Descriptor(adopting: signals)
        )
        let permitted = PermittedClients(front: clients, barred: Array(clients.dropFirst()))
        return GateProcess.run(descriptors, clock: clock, clients: permitted).rawValue
    } catch {
        fail(error.words, error.exit.rawValue)
    }
}

/// Gives up everything but the clients, the signer and the folder of the logs.
func confine(_ user: UInt32?, _ acceptsWeakerKernel: Bool) throws(GateError) {
    do throws(ConfinementError) {
        _ = try Confinement.apply(
            ConfinementPlan(
                profile: .gate(log: 5),
                // 1,024 and 512 clients, the descriptors above, files of the log for a moment.
                descriptorsMax: 1_600,
                ownUser: user,
                acceptsWeakerKernel: acceptsWeakerKernel
            )
        )
    } catch {
        fail("this kernel does not give what the gate insists on: \(error)", usage)
    }
}

linux_exit(run())
