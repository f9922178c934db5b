// The signer in ordinary Swift, for one purpose: that a test can hold the shipped one against it,
// byte for byte.
//
//   signer-twin SEALED-BITS OPEN-BITS ABI        on the descriptors of `portcullis-signer run`
//
// The same modules, but another compiler mode, a heap and no optimiser: a miscompile of the shipped
// binary shows as a difference. It is not confined, for ordinary Swift needs calls that the filters
// forbid, and so it says of the kernel what it is told to: what the other one found.
// It is never installed.

import CLinux
import LocalSocket
import Signer

_ = linux_ignore_sigpipe()
linux_exit(run())

func run() -> Int32 {
    guard linux_argument_count() == 4, let sealed = number(1), let open = number(2),
        let landlockABI = number(3)
    else { return 2 }
    do throws(SignerStop) {
        let home = try Home(
            keystore: Descriptor(adopting: 5),
            state: Descriptor(adopting: 6),
            bundle: Descriptor(adopting: 7)
        )
        var frames = try FrameMemory()
        var signer = try SealedSigner(
            home: home,
            gate: Descriptor(adopting: 3),
            listener: Descriptor(adopting: 4),
            kernel: KernelState(bits: sealed, landlockABI: landlockABI)
        )
        let unlocked = try signer.run()
        var opened = try OpenSigner(
            signer,
            unlocked,
            kernel: KernelState(bits: open, landlockABI: landlockABI)
        )
        return opened.serve(&frames).exitStatus
    } catch {
        return error.exitStatus
    }
}

func number(_ place: Int32) -> UInt32? {
    // SAFETY: NULL past the end, else a NUL-terminated text that lives as long as the process.
    unsafe linux_argument(place).flatMap { unsafe UInt32(String(cString: $0)) }
}
