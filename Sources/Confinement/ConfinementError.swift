/// One thing a process gives up, to name what could not be given up.
package enum Measure: UInt8, Sendable {
    /// SIGPIPE is ignored: a peer that hangs up is an error, not an end.
    case brokenPipe = 1
    /// The process runs under the user and group that were meant for it.
    case identity
    /// RLIMIT_CORE is 0.
    case noCore
    /// RLIMIT_NOFILE, the open descriptors.
    case descriptorLimit
    /// RLIMIT_NPROC, the processes and threads of this user.
    case processLimit
    /// RLIMIT_FSIZE, the size of files written.
    case fileSizeLimit
    /// PR_SET_DUMPABLE is 0.
    case notDumpable
    /// PR_SET_NO_NEW_PRIVS is 1.
    case noNewPrivileges
    /// Every capability set is empty.
    case capabilities
    /// PR_SET_MDWE: memory never becomes executable.
    case noCodeGain
    /// Landlock's rules, and the probe that they hold.
    case landlock
    /// The system call filter.
    case filter
    /// RLIMIT_MEMLOCK, which is read only.
    case lockedMemory
}

/// Why a process could not be confined. It must not go on.
package enum ConfinementError: Error, Equatable, Sendable {
    /// The kernel refused the measure with this errno.
    case refused(Measure, errno: Int32)
    /// The kernel took the measure, but reading it back found another value.
    case notInForce(Measure, found: UInt64)
    /// Landlock is older than ABI 6 (0: there is none), and nobody accepted that.
    case landlockTooOld(abi: Int32)
}
