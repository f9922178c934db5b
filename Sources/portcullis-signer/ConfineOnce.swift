import Confinement

/// Confines a process that does one thing and ends, such as `init`: no file, no port, no other
/// process. What a sealed signer may do is more than enough; what such a kernel cannot give is the
/// operator's to accept when the signer runs. Whether it took.
func confineOnce(state: Int32, operator door: Int32) -> Bool {
    do throws(ConfinementError) {
        _ = try Confinement.apply(
            ConfinementPlan(
                profile: .signerSealed(state: state, operator: door),
                descriptorsMax: 16,
                acceptsWeakerKernel: true
            )
        )
        return true
    } catch {
        return false
    }
}

/// Says that it did not take; gives the status to exit with.
func unconfined() -> Int32 {
    end("signer: this kernel does not give what the signer insists on (doctor)\n", 30)
}
