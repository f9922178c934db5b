import Confinement
import SecretMemory

/// Keeps what secrets pass through from the disk, then does what the arguments ask for; gives the
/// status to exit with.
func runLocked() -> Int32 {
    do throws(SecretMemoryError) {
        let isAll = try LockedMemory.take()
        let locked = KernelBits.lockedMemory
        if Arguments.isFirst("init") { return runInit() }
        if Arguments.isFirst("offline") { return runOffline() }
        return runSigner(isAll ? locked.adding(.allMemoryLocked) : locked)
    } catch {
        return end(
            """
            signer: its stack cannot be kept from swap: raise RLIMIT_MEMLOCK to 1 MiB or more \
            (ulimit -l, LimitMEMLOCK=) and RLIMIT_STACK to 512 KiB; doctor says what there is

            """,
            17
        )
    }
}
