private import CLinux
package import LocalSocket

/// A file on a disk, by its descriptor.
package final class DiskFile: JournalFile {
    private let descriptor: Descriptor

    package init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    package func size() throws(GateError) -> Int {
        var facts = linux_file_facts()
        // SAFETY: the call fills the one record it is given.
        let result = unsafe linux_facts(descriptor.number, &facts)
        guard result == 0 else { throw .file(.size, errno: -result) }
        return Int(facts.size)
    }

    package func read(_ count: Int, at offset: Int) throws(GateError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            var all = bytes.mutableSpan
            var rest = all._mutatingExtracting(done..<count)
            // SAFETY: at most `buffer.count` bytes are written, into memory borrowed here.
            let got = unsafe rest.withUnsafeMutableBufferPointer { buffer -> Int in
                guard let start = buffer.baseAddress else { return 0 }
                return unsafe linux_pread(
                    descriptor.number,
                    start,
                    buffer.count,
                    Int64(offset + done)
                )
            }
            if got == -Int(LINUX_EINTR) { continue }
            guard got >= 0 else { throw .file(.read, errno: Int32(-got)) }
            guard got > 0 else { throw .shortRead(got: done, needed: count) }
            done += got
        }
        return bytes
    }

    /// Never begun again: after a short write nothing may be assumed of the file.
    package func write(_ bytes: [UInt8], at offset: Int) throws(GateError) {
        // SAFETY: `buffer.count` bytes are read, from memory borrowed here.
        let put = unsafe bytes.span.withUnsafeBufferPointer { buffer -> Int in
            guard let start = buffer.baseAddress else { return 0 }
            return unsafe linux_pwrite(descriptor.number, start, buffer.count, Int64(offset))
        }
        guard put >= 0 else { throw .file(.write, errno: Int32(-put)) }
        guard put == bytes.count else { throw .shortWrite(wrote: put, of: bytes.count) }
    }

    /// Never begun again: Linux reports a failed flush once and then calls the lost pages clean.
    package func sync() throws(GateError) {
        let result = linux_fdatasync(descriptor.number)
        guard result == 0 else { throw .file(.sync, errno: -result) }
    }

    /// Takes the lock that keeps a second gate away; held until the process ends.
    package func lock() throws(GateError) {
        let result = linux_flock(descriptor.number, LINUX_LOCK_EX | LINUX_LOCK_NB)
        if result == -LINUX_EAGAIN { throw .locked }
        guard result == 0 else { throw .file(.lock, errno: -result) }
    }
}
