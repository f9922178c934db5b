private import CLinux

/// A block of memfd_secret(2) memory that keys live in, handed out piece by piece.
///
/// No other process can read it, root included, and it reaches neither swap, a core file nor a
/// fork. The kernel takes it back when the process ends and not before: a piece may outlive its
/// pool, and dropping either makes no system call.
@safe package struct SecretPool: ~Copyable {
    private let base: UnsafeMutableRawPointer
    private var used = 0

    /// Bytes in all, a positive number.
    package let byteCount: Int

    /// Every piece begins at a multiple of this, so that no two share a cache line.
    package static let alignment = 64

    /// Maps `byteCount` bytes (rounded up to pages of 4,096), zeroed and touched.
    package init(byteCount: Int) throws(SecretMemoryError) {
        precondition(byteCount > 0, "a pool holds at least one byte")
        var errno: Int32 = 0
        // SAFETY: the result is NULL, or a fresh mapping of at least `byteCount` bytes that is
        // never unmapped and that nothing but this pool knows.
        guard let page = unsafe linux_secret_map(byteCount, &errno) else {
            throw .secretMemoryUnavailable(errno: errno)
        }
        unsafe base = page
        self.byteCount = byteCount
    }

    /// The bytes not yet taken.
    package var left: Int { byteCount - used }

    /// Takes `count` zeroed bytes that nobody else has; asking for more than is left is a mistake
    /// of ours and traps.
    package mutating func take(_ count: Int) -> SecretBytes {
        precondition(count > 0 && count <= left, "the pool was made too small")
        // SAFETY: `used ..< used + count` lies inside the mapping and is given to one owner only,
        // for `used` moves past it; the mapping lives as long as the process.
        let piece = unsafe SecretBytes(owning: base + used, count: count)
        let next = (used + count + Self.alignment - 1) / Self.alignment * Self.alignment
        used = min(next, byteCount)
        return piece
    }
}
