/// Why memory could not be had; the number is the kernel's errno.
package enum SecretMemoryError: Error, Equatable, Sendable {
    /// memfd_secret(2) was refused: 38 (ENOSYS) where the kernel lacks it or was started with it
    /// off, 11 or 12 where RLIMIT_MEMLOCK is too low. There is no fallback to ordinary memory.
    case secretMemoryUnavailable(errno: Int32)
    /// An ordinary mapping was refused.
    case arenaUnavailable(errno: Int32)
    /// Stack, data and heap could not be kept from swap: 1, 11 or 12 where RLIMIT_MEMLOCK is too
    /// low, 7 where the arguments leave no room on the stack.
    case notLocked(errno: Int32)
    /// getrandom(2) was refused.
    case randomnessUnavailable(errno: Int32)
}
