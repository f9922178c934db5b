/// What the kernel was seen to enforce, as the protocol spells it (section 7).
package struct KernelBits: Equatable, Sendable {
    /// The bits; unknown ones are never set.
    package let rawValue: UInt32

    /// These bits.
    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Keys are in memfd_secret pages.
    package static let secretMemory = KernelBits(rawValue: 1)
    /// Landlock of ABI 6 or later is in force.
    package static let landlock = KernelBits(rawValue: 2)
    /// The last system call filter of the process is in force.
    package static let filter = KernelBits(rawValue: 4)
    /// The process is not dumpable.
    package static let notDumpable = KernelBits(rawValue: 8)
    /// The process can gain no privileges.
    package static let noNewPrivileges = KernelBits(rawValue: 16)
    /// The process leaves no core file.
    package static let noCore = KernelBits(rawValue: 32)
    /// The process has no capability.
    package static let noCapabilities = KernelBits(rawValue: 64)
    /// The process has a user of its own.
    package static let ownUser = KernelBits(rawValue: 128)
    /// The operator accepted a weaker kernel.
    package static let weakerKernelAccepted = KernelBits(rawValue: 256)

    /// Stack, data and heap of the process are never swapped.
    package static let lockedMemory = KernelBits(rawValue: 512)
    /// Nor is any other memory of it.
    package static let allMemoryLocked = KernelBits(rawValue: 1_024)

    /// Whether all bits of `other` are here too.
    package func contains(_ other: KernelBits) -> Bool {
        rawValue & other.rawValue == other.rawValue
    }

    /// These bits and those of `other`.
    package func adding(_ other: KernelBits) -> KernelBits {
        KernelBits(rawValue: rawValue | other.rawValue)
    }
}
