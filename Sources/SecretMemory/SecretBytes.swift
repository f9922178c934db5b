private import CLinux

/// A fixed number of secret bytes in a pool, wiped when the owner is dropped.
///
/// It is lent by its spans and never copied: a Swift move of it moves a pointer, not the bytes.
///
/// Public only because Embedded Swift must see its `deinit` from other modules.
@safe public struct SecretBytes: ~Copyable {
    private let base: UnsafeMutablePointer<UInt8>

    /// How many bytes there are.
    package let count: Int

    /// The caller proves that `address ..< address + count` is this value's alone, for ever.
    init(owning address: UnsafeMutableRawPointer, count: Int) {
        // SAFETY: the memory holds bytes and is only ever seen as bytes.
        unsafe base = address.assumingMemoryBound(to: UInt8.self)
        self.count = count
    }

    /// The bytes, for reading.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // SAFETY: `count` initialized bytes (the kernel's zeros at first) that only `self`
            // owns; the span cannot outlive the borrow of `self`.
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

    deinit {
        // SAFETY: as in `wipe`. Nothing but the wipe: munmap would be killed after the lock-down.
        unsafe linux_wipe(base, count)
    }
}
