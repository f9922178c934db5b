import CLinux
import Confinement
import LocalSocket
import Signer

/// Descriptors as the supervisor sets them up for `run [weaker]`.
private enum RunDescriptor {
    static let gate: Int32 = 3
    static let listener: Int32 = 4
    static let keystore: Int32 = 5
    static let state: Int32 = 6
    static let bundle: Int32 = 7
}

/// Serves until the gate goes; gives the status to exit with. `locked` is what was locked of the
/// process's memory.
func runSigner(_ locked: KernelBits) -> Int32 {
    guard Arguments.isFirst("run") else {
        return end("usage: portcullis-signer run [weaker] | init …\n", 2)
    }
    do throws(SignerStop) {
        return try serve(locked, acceptsWeakerKernel: Arguments.isArgument(2, "weaker"))
    } catch {
        return end(error.text, error.exitStatus)
    }
}

private func serve(
    _ locked: KernelBits,
    acceptsWeakerKernel: Bool
) throws(SignerStop) -> Int32 {
    let gate = Descriptor(adopting: RunDescriptor.gate)
    let user = ownUser(gate)
    let home = try Home(
        keystore: Descriptor(adopting: RunDescriptor.keystore),
        state: Descriptor(adopting: RunDescriptor.state),
        bundle: Descriptor(adopting: RunDescriptor.bundle)
    )
    var frames = try FrameMemory()
    let report: ConfinementReport
    do throws(ConfinementError) {
        report = try Confinement.apply(
            ConfinementPlan(
                profile: .signerSealed(
                    state: RunDescriptor.state,
                    operator: RunDescriptor.listener
                ),
                descriptorsMax: 16,
                ownUser: user,
                acceptsWeakerKernel: acceptsWeakerKernel
            )
        )
    } catch {
        return unconfined()
    }
    var sealed = try SealedSigner(
        home: home,
        gate: gate,
        listener: Descriptor(adopting: RunDescriptor.listener),
        kernel: kernel(report, locked.adding(.secretMemory))
    )
    let unlocked = try sealed.run()
    var signer = try OpenSigner(
        sealed,
        unlocked,
        kernel: kernel(report, locked.adding(.secretMemory).adding(.filter))
    )
    do throws(ConfinementError) {
        _ = try Confinement.lockDown(
            gate: RunDescriptor.gate,
            state: RunDescriptor.state,
            stateBytes: UInt64(StateSlot.fileByteCount),
            after: report
        )
    } catch {
        return end("signer: the last lock-down did not take\n", 31)
    }
    // The last filter forbids to say anything on standard error; the status tells why it ended.
    return signer.serve(&frames).exitStatus
}

/// The user made for this process alone: another one than the supervisor's, who made the gate's
/// socket.
private func ownUser(_ gate: borrowing Descriptor) -> UInt32? {
    do throws(SocketError) {
        let supervisor = try gate.peerCredentials()
        return supervisor.uid == linux_uid() ? nil : linux_uid()
    } catch {
        return nil
    }
}

private func kernel(_ report: ConfinementReport, _ more: KernelBits) -> KernelState {
    KernelState(
        bits: report.bits.adding(more).rawValue,
        landlockABI: UInt32(max(report.landlockABI, 0))
    )
}

/// Says why the process ends, on standard error, and gives the status.
func end(_ text: StaticString, _ status: Int32) -> Int32 {
    var standardError = Descriptor(adopting: 2)
    standardError.pin()
    do throws(SocketError) {
        try standardError.writeAll(text)
    } catch {
        // Nobody listens; the status says the same.
    }
    return status
}
