private import CLinux

/// A large block of ordinary memory, zeroed and touched, taken before the lock-down.
///
/// It stays until the process ends: dropping the owner makes no system call, and neither does any
/// access later. It is for what is large and not secret, such as a request or a policy.
@safe package struct Arena: ~Copyable {
    private let base: UnsafeMutablePointer<UInt8>

    /// How many bytes there are.
    package let count: Int

    /// Maps `count` bytes, a positive number.
    package init(byteCount count: Int) throws(SecretMemoryError) {
        precondition(count > 0, "an arena holds at least one byte")
        var errno: Int32 = 0
        // SAFETY: the result is NULL, or a fresh mapping of at least `count` bytes that is never
        // unmapped and that nothing else knows.
        guard let memory = unsafe linux_arena_map(count, &errno) else {
            throw .arenaUnavailable(errno: errno)
        }
        // SAFETY: the memory holds bytes and is only ever seen as bytes.
        unsafe base = memory.assumingMemoryBound(to: UInt8.self)
        self.count = count
    }

    /// The bytes, for reading.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // SAFETY: `count` initialized bytes that only `self` owns; the span cannot outlive
            // the borrow of `self`.
            let span = unsafe Span(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The bytes, for writing.
    package var mutableBytes: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get {
            // SAFETY: as above; the exclusive access to `self` makes this the only span.
            let span = unsafe MutableSpan(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(span, mutating: &self)
        }
    }

    /// Overwrites the bytes with zeros; the compiler cannot leave it out.
    package mutating func wipe() {
        // SAFETY: `count` bytes that only `self` owns.
        unsafe linux_wipe(base, count)
    }
}
