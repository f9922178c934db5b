private import CLinux

/// A Descriptor that is a file: positions, durability, locks.
extension Descriptor {
    /// Opens `path`, a text without a NUL (at most 4,095 bytes), relative to the working directory;
    /// close-on-exec, following no link at its end.
    package static func open(
        _ path: UnsafePointer<CChar>,
        writing: Bool
    ) throws(SocketError) -> Descriptor {
        let access = writing ? LINUX_O_RDWR : LINUX_O_RDONLY
        // SAFETY: the caller's path ends with a NUL; the call only reads it.
        let number = unsafe linux_open(
            LINUX_AT_FDCWD,
            path,
            access | LINUX_O_CLOEXEC | LINUX_O_NOFOLLOW,
            0
        )
        if number < 0 { throw .failed(.open, errno: -number) }
        return Descriptor(adopting: number)
    }

    /// The size of the file in bytes.
    package borrowing func fileSize() throws(SocketError) -> Int {
        var facts = linux_file_facts()
        // SAFETY: the call fills the one record it is given.
        let result = unsafe linux_facts(number, &facts)
        if result < 0 { throw .failed(.facts, errno: -result) }
        return Int(facts.size)
    }

    /// Fills `bytes` from the file's bytes at `offset`; throws `ended` when the file is shorter.
    @_lifetime(bytes: copy bytes)
    package borrowing func readExactly(
        into bytes: inout MutableSpan<UInt8>,
        at offset: Int
    ) throws(SocketError) {
        var done = 0
        while done < bytes.count {
            // SAFETY: `done + count` is at most `buffer.count`, and that memory is borrowed here.
            let got = unsafe bytes.withUnsafeMutableBufferPointer { buffer -> Int in
                guard let start = buffer.baseAddress else { return 0 }
                let count = min(buffer.count - done, Self.callBytesMax)
                return unsafe linux_pread(number, start + done, count, Int64(offset + done))
            }
            if got == 0 { throw .ended(got: done) }
            if got < 0 && got != -Int(LINUX_EINTR) { throw .failed(.read, errno: Int32(-got)) }
            if got > 0 { done += got }
        }
    }

    /// Writes all of `bytes` at `offset` with one pwrite(2), begun again whole when it was
    /// interrupted or cut short: the final filter admits only the full length.
    package borrowing func writeWhole(_ bytes: Span<UInt8>, at offset: Int) throws(SocketError) {
        var attempts = 0
        while true {
            // SAFETY: `buffer.count` bytes are read, from memory borrowed here.
            let put = unsafe bytes.withUnsafeBufferPointer { buffer -> Int in
                guard let start = buffer.baseAddress else { return 0 }
                return unsafe linux_pwrite(number, start, buffer.count, Int64(offset))
            }
            if put == bytes.count { return }
            if put < 0 && put != -Int(LINUX_EINTR) { throw .failed(.write, errno: Int32(-put)) }
            attempts += 1
            // A disk that takes only a part, again and again, is full.
            if attempts == 16 { throw .failed(.write, errno: LINUX_ENOSPC) }
        }
    }

    /// Makes the file's bytes durable: fdatasync(2). After an error nothing may be assumed about
    /// what reached the disk, so it is never repeated.
    package borrowing func syncData() throws(SocketError) {
        let result = linux_fdatasync(number)
        if result < 0 { throw .failed(.sync, errno: -result) }
    }

    /// Takes the exclusive lock, without waiting; it is held until the descriptor is closed.
    /// Throws `wouldBlock` when another process holds it.
    package borrowing func lockExclusively() throws(SocketError) {
        let result = linux_flock(number, LINUX_LOCK_EX | LINUX_LOCK_NB)
        if result == -LINUX_EAGAIN { throw .wouldBlock }
        if result < 0 { throw .failed(.lock, errno: -result) }
    }
}
