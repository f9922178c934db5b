private import CLinux

/// The two ends of a socket pair.
package struct DescriptorPair: ~Copyable {
    /// One end.
    package var first: Descriptor
    /// The other end.
    package var second: Descriptor

    /// A connected pair of stream sockets, close-on-exec.
    package static func make() throws(SocketError) -> DescriptorPair {
        var first: Int32 = -1
        var second: Int32 = -1
        // SAFETY: the call writes one number to each address.
        let result = unsafe linux_socket_pair(&first, &second)
        if result < 0 { throw .failed(.socketPair, errno: -result) }
        return DescriptorPair(
            first: Descriptor(adopting: first),
            second: Descriptor(adopting: second)
        )
    }

    /// Keeps the first end and closes the second.
    package consuming func keepFirst() -> Descriptor { first }

    /// Keeps the second end and closes the first.
    package consuming func keepSecond() -> Descriptor { second }

    /// Keeps both: the first is the result, the second goes to `other`.
    package consuming func separate(other: inout Descriptor?) -> Descriptor {
        other = consume second
        return first
    }
}

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

    /// Listens at `path` (UTF-8, no NUL, at most 107 bytes) with the permission bits `mode`.
    ///
    /// A socket file that nobody listens at any more is replaced; a live one (98, EADDRINUSE) or
    /// any other file (17, EEXIST) is not.
    package static func listen(
        at path: Span<UInt8>,
        mode: UInt32,
        backlog: Int32 = 64
    ) throws(SocketError) -> Descriptor {
        // SAFETY: `buffer.count` bytes are read, from memory borrowed here.
        let result = unsafe path.withUnsafeBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -LINUX_EINVAL }
            return unsafe linux_listen(start, buffer.count, mode, backlog)
        }
        if result < 0 { throw .failed(.listen, errno: -result) }
        return Descriptor(adopting: result)
    }

    /// Connects to the socket at `path`.
    package static func connect(to path: Span<UInt8>) throws(SocketError) -> Descriptor {
        // SAFETY: `buffer.count` bytes are read, from memory borrowed here.
        let result = unsafe path.withUnsafeBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -LINUX_EINVAL }
            return unsafe linux_connect(start, buffer.count)
        }
        if result < 0 { throw .failed(.connect, errno: -result) }
        return Descriptor(adopting: result)
    }

    /// Connects to the socket at `path` without waiting; the descriptor is nonblocking. Throws
    /// `wouldBlock` while too many others wait to be accepted there.
    package static func connectAtOnce(to path: Span<UInt8>) throws(SocketError) -> Descriptor {
        // SAFETY: `buffer.count` bytes are read, from memory borrowed here.
        let result = unsafe path.withUnsafeBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -LINUX_EINVAL }
            return unsafe linux_connect_at_once(start, buffer.count)
        }
        if result == -LINUX_EAGAIN { throw .wouldBlock }
        if result < 0 { throw .failed(.connect, errno: -result) }
        return Descriptor(adopting: result)
    }

    /// Tells the other end that nothing more will be written.
    package borrowing func shutdownWriting() throws(SocketError) {
        let result = linux_shutdown_write(number)
        if result < 0 { throw .failed(.shutdown, errno: -result) }
    }

    /// Makes reads and writes return at once, or wait again.
    package borrowing func setNonblocking(_ on: Bool) throws(SocketError) {
        let result = linux_nonblocking(number, on ? 1 : 0)
        if result < 0 { throw .failed(.fileFlags, errno: -result) }
    }
}
