private import CCap
private import CLinux

/// What this kernel and user can give, for `portcullis doctor`. Reading it changes nothing.
package struct KernelFacts: Equatable, Sendable {
    /// Landlock's ABI; 0: none.
    package let landlockABI: Int32
    /// The errno of memfd_secret(2); 0: it works.
    package let secretMemoryErrno: Int32
    /// Whether the kernel takes filters that kill the process.
    package let hasFilters: Bool
    /// RLIMIT_MEMLOCK, the soft limit in bytes; all ones: none. Secret pages count.
    package let lockedBytesMax: UInt64
    /// The capabilities of this process, one bit each.
    package let capabilities: UInt64
    /// Whether one of them is CAP_SYS_RESOURCE (24): the hard limits are no limits then.
    package var canRaiseLimits: Bool { capabilities >> 24 & 1 == 1 }
    /// The user of this process.
    package let user: UInt32
    /// Yama's ptrace_scope; nil: no Yama, so only distinct users and dumpable guard.
    package let yamaScope: UInt8?
    /// Whether swap is on; nil: it cannot be told. Secret pages are never swapped.
    package let hasSwap: Bool?
    /// Whether PR_SET_MDWE is known (Linux 6.3 and later).
    package let hasNoCodeGain: Bool

    /// Reads the facts; throws when a call fails that every kernel has.
    package static func read() throws(ConfinementError) -> KernelFacts {
        var soft: UInt64 = 0
        var hard: UInt64 = 0
        // SAFETY: the call writes one number to each address.
        try done(unsafe linux_limit_get(LINUX_RLIMIT_MEMLOCK, &soft, &hard), .lockedMemory)
        var sets = capability_sets()
        // SAFETY: the call fills the one record it is given.
        try done(unsafe capabilities_read(&sets), .capabilities)
        return KernelFacts(
            landlockABI: max(0, linux_landlock_abi()),
            secretMemoryErrno: -linux_secret_available(),
            hasFilters: linux_filter_available() == 0,
            lockedBytesMax: soft,
            capabilities: sets.effective,
            user: linux_uid(),
            yamaScope: yama(),
            hasSwap: swap(),
            hasNoCodeGain: linux_prctl(LINUX_PR_GET_MDWE, 0, 0) >= 0
        )
    }

    /// One digit.
    private static func yama() -> UInt8? {
        var text = [2 of UInt8](repeating: 0)
        var span = text.mutableSpan
        let got = small("/proc/sys/kernel/yama/ptrace_scope", into: &span)
        guard got >= 1, text[0] >= UInt8(ascii: "0"), text[0] <= UInt8(ascii: "9") else {
            return nil
        }
        return text[0] - UInt8(ascii: "0")
    }

    /// A heading, then a line a swap area.
    private static func swap() -> Bool? {
        var text = [256 of UInt8](repeating: 0)
        var span = text.mutableSpan
        let got = small("/proc/swaps", into: &span)
        if got < 1 { return nil }
        var lines = 0
        for i in 0..<got where text[i] == UInt8(ascii: "\n") { lines += 1 }
        return lines > 1 || got == 256
    }

    /// Reads the front of a file of the kernel; how many bytes, or a negative errno.
    private static func small(_ path: StaticString, into span: inout MutableSpan<UInt8>) -> Int {
        let descriptor = path.withUTF8Buffer { text -> Int32 in
            guard let start = text.baseAddress else { return -LINUX_EINVAL }
            // SAFETY: the compiler puts a NUL behind a static string; the call only reads.
            let name = unsafe UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
            return unsafe linux_open(LINUX_AT_FDCWD, name, LINUX_O_RDONLY | LINUX_O_CLOEXEC, 0)
        }
        if descriptor < 0 { return Int(descriptor) }
        defer { _ = linux_close(descriptor) }
        // SAFETY: at most `buffer.count` bytes are written, into memory borrowed here.
        return unsafe span.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            return unsafe linux_read(descriptor, start, buffer.count)
        }
    }
}
