private import CLinux

/// A Descriptor that is a file: positions, durability, locks.
extension Descriptor {
    /// The size of the file in bytes.
    package borrowing func fileSize() throws(SocketError) -> Int {
        let size = linux_size(number)
        if size < 0 { throw .failed(.facts, errno: Int32(-size)) }
        return Int(size)
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
