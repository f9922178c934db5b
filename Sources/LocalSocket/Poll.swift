package import CLinux

/// One descriptor to wait for: its number, what for, and what the kernel found.
package typealias PollEntry = linux_poll_entry

extension PollEntry {
    /// Waits for bytes (or a connection) to read, and for room to write if asked.
    package init(_ number: Int32, reading: Bool = true, writing: Bool = false) {
        let events = (reading ? LINUX_POLLIN : 0) | (writing ? LINUX_POLLOUT : 0)
        self.init(fd: number, events: Int16(events), returned: 0)
    }

    /// A read would not wait: there are bytes, a connection, the end, or an error to learn of.
    package var isReadable: Bool {
        returned & Int16(LINUX_POLLIN | LINUX_POLLHUP | LINUX_POLLERR) != 0
    }

    /// A write would not wait.
    package var isWritable: Bool { returned & Int16(LINUX_POLLOUT | LINUX_POLLERR) != 0 }

    /// The other end is gone, or the socket is broken.
    package var isHungUp: Bool { returned & Int16(LINUX_POLLHUP | LINUX_POLLERR) != 0 }
}

/// Waiting for several descriptors at once.
package enum Poll {
    /// Waits until an entry has something or `milliseconds` have passed (nil: without limit);
    /// returns how many have. An entry with a negative number is passed over. A signal ends the
    /// wait early with 0.
    @_lifetime(entries: copy entries)
    package static func wait(
        _ entries: inout MutableSpan<PollEntry>,
        milliseconds: Int32?
    ) throws(SocketError) -> Int {
        if let milliseconds { precondition(milliseconds >= 0, "a wait is not negative") }
        // SAFETY: the kernel writes `returned` of `buffer.count` records borrowed here.
        let found = unsafe entries.withUnsafeMutableBufferPointer { buffer -> Int32 in
            unsafe linux_poll(buffer.baseAddress, buffer.count, milliseconds ?? -1)
        }
        if found >= 0 { return Int(found) }
        if found == -LINUX_EINTR { return 0 }
        throw .failed(.poll, errno: -found)
    }
}
