private import CLinux

/// The ordinary memory that secrets pass through, kept from the disk.
///
/// Keys live in secret pages. But the curve library computes with a scalar on the stack, Argon2id
/// hands the key that it made over the C library's heap, and a library may keep state in its data.
package enum LockedMemory {
    /// The stack, for good: three times what the largest requests were seen to use.
    static let stackByteCount = 512 << 10
    /// Room on the heap, which cannot grow once the sealed filter is in force.
    static let heapByteCount = 128 << 10
    /// With this much RLIMIT_MEMLOCK everything else can be locked as well, the memory of Argon2id
    /// (1 GiB at most) and the largest policy included.
    static let byteCountOfEverything: UInt64 = 1_280 << 20

    /// Locks stack, data and heap; call it before anything else. Whether all memory mapped later
    /// will be locked too: where RLIMIT_MEMLOCK does not allow that, Argon2's memory can be swapped
    /// while a keystore is being opened or made.
    package static func take() throws(SecretMemoryError) -> Bool {
        let result = linux_lock_memory(stackByteCount, heapByteCount, byteCountOfEverything)
        if result < 0 { throw .notLocked(errno: -result) }
        return result == 1
    }
}
