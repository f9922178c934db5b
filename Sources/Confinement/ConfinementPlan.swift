private import CSeccomp

/// Which process is confined, with the numbers of the descriptors that its profile in
/// policies/sandbox names.
package enum SandboxProfile: Equatable, Sendable {
    /// The signer before the first operator byte: `state` and the listener of the operator.
    case signerSealed(state: Int32, operator: Int32)
    /// The gate: the folder of its logs, open.
    case gate(log: Int32)
    /// The front: the public folder of the home, open.
    case front(public: Int32)

    var number: Int32 {
        switch self {
        case .signerSealed: SANDBOX_SIGNER_SEALED
        case .gate: SANDBOX_GATE
        case .front: SANDBOX_FRONT
        }
    }

    /// The folder below which Landlock allows something.
    var folder: Int32? {
        switch self {
        case .signerSealed: nil
        case .gate(let log): log
        case .front(let folder): folder
        }
    }
}

/// All that a process is to give up, and what it may keep.
package struct ConfinementPlan: Equatable, Sendable {
    /// Whose filter and whose Landlock rules.
    package let profile: SandboxProfile
    /// RLIMIT_NOFILE: descriptors at most; those open already stay.
    package let descriptorsMax: UInt64
    /// RLIMIT_NPROC: processes and threads of this user at most; 0: none can be made.
    package let processesMax: UInt64
    /// RLIMIT_FSIZE: bytes of a file that is written at most; nil: any.
    package let fileBytesMax: UInt64?
    /// The user and group (the same number) made for this process alone; nil: it shares one.
    package let ownUser: UInt32?
    /// Landlock before ABI 6, or none, is accepted; the report then says so for good.
    package let acceptsWeakerKernel: Bool

    /// A plan of these parts.
    package init(
        profile: SandboxProfile,
        descriptorsMax: UInt64,
        processesMax: UInt64 = 0,
        fileBytesMax: UInt64? = nil,
        ownUser: UInt32? = nil,
        acceptsWeakerKernel: Bool = false
    ) {
        self.profile = profile
        self.descriptorsMax = descriptorsMax
        self.processesMax = processesMax
        self.fileBytesMax = fileBytesMax
        self.ownUser = ownUser
        self.acceptsWeakerKernel = acceptsWeakerKernel
    }
}

/// What was read back after the process was confined.
package struct ConfinementReport: Equatable, Sendable {
    /// The kernel bits of the protocol. Bit 1, secret memory, is for its user to add.
    package let bits: KernelBits
    /// Landlock's ABI on this kernel; 0: none.
    package let landlockABI: Int32
    /// Capabilities a program started by this one could have had at most; 0 unless the process
    /// was started without the right to empty that set.
    package let boundingSet: UInt64
    /// Whether memory can never become executable (Linux 6.3 and later).
    package let noCodeGain: Bool

    /// A report of these findings.
    package init(bits: KernelBits, landlockABI: Int32, boundingSet: UInt64, noCodeGain: Bool) {
        self.bits = bits
        self.landlockABI = landlockABI
        self.boundingSet = boundingSet
        self.noCodeGain = noCodeGain
    }
}
