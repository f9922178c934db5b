private import CLinux

/// An open file descriptor that has one owner and is closed once, when the owner is dropped.
///
/// Every read and write is cut into calls of at most `callBytesMax` bytes, which is what the final
/// system call filter admits, and begun again when a signal interrupted it.
///
/// Public only because Embedded Swift must see its `deinit` from other modules.
public struct Descriptor: ~Copyable {
    /// The number the kernel knows it by.
    package let number: Int32
    private var closesWhenDropped = true

    /// The most that one read(2) or write(2) is asked for.
    package static let callBytesMax = 65_536

    /// Takes over an open descriptor, which nothing else may close from now on.
    package init(adopting number: Int32) {
        precondition(number >= 0, "not a descriptor")
        self.number = number
    }

    /// Leaves the closing to the kernel, at the end of the process: after the lock-down close(2)
    /// would kill.
    package mutating func pin() {
        closesWhenDropped = false
    }

    /// Gives the number away; the caller owns it now.
    package consuming func release() -> Int32 {
        closesWhenDropped = false
        return number
    }

    deinit {
        // An error of close(2) leaves nothing to be done, and the number is free either way.
        if closesWhenDropped { _ = linux_close(number) }
    }

    /// Reads what is there, at most `callBytesMax` bytes, into the front of `bytes`; waits for the
    /// first byte unless nonblocking. The count; 0 when the other end closed (or `bytes` is empty).
    @_lifetime(bytes: copy bytes)
    package borrowing func readSome(
        into bytes: inout MutableSpan<UInt8>
    ) throws(SocketError) -> Int {
        try readSome(into: &bytes, from: 0)
    }

    /// The same behind the first `offset` bytes.
    @_lifetime(bytes: copy bytes)
    private borrowing func readSome(
        into bytes: inout MutableSpan<UInt8>,
        from offset: Int
    ) throws(SocketError) -> Int {
        precondition(offset >= 0 && offset <= bytes.count, "outside the span")
        while true {
            // SAFETY: `offset + count` is at most `buffer.count`, and that memory is borrowed
            // here.
            let got = unsafe bytes.withUnsafeMutableBufferPointer { buffer -> Int in
                guard let start = buffer.baseAddress else { return 0 }
                let count = min(buffer.count - offset, Self.callBytesMax)
                return unsafe linux_read(number, start + offset, count)
            }
            if got >= 0 { return got }
            try Self.check(got, .read)
        }
    }

    /// Fills `bytes` from a blocking descriptor; throws `ended` when the other end closed before.
    @_lifetime(bytes: copy bytes)
    package borrowing func readExactly(into bytes: inout MutableSpan<UInt8>) throws(SocketError) {
        var done = 0
        while done < bytes.count {
            let got = try readSome(into: &bytes, from: done)
            if got == 0 { throw .ended(got: done) }
            done += got
        }
    }

    /// Writes some of the front of `bytes`, at most `callBytesMax`, and returns how many.
    package borrowing func writeSome(_ bytes: Span<UInt8>) throws(SocketError) -> Int {
        while true {
            // SAFETY: at most `buffer.count` bytes are read, from memory borrowed here.
            let put = unsafe bytes.withUnsafeBufferPointer { buffer -> Int in
                guard let start = buffer.baseAddress else { return 0 }
                return unsafe linux_write(number, start, min(buffer.count, Self.callBytesMax))
            }
            if put >= 0 { return put }
            try Self.check(put, .write)
        }
    }

    /// Writes all of `bytes` to a blocking descriptor. SIGPIPE must be ignored (EPIPE is thrown).
    package borrowing func writeAll(_ bytes: Span<UInt8>) throws(SocketError) {
        var done = 0
        while done < bytes.count {
            done += try writeSome(bytes.extracting(done..<bytes.count))
        }
    }

    /// Writes a text that the program itself contains.
    package borrowing func writeAll(_ text: StaticString) throws(SocketError) {
        // SAFETY: a static string's bytes live as long as the program.
        try writeAll(unsafe Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Turns a negative result into an error, unless the call was only interrupted.
    private static func check(_ result: Int, _ call: SocketCall) throws(SocketError) {
        let errno = Int32(-result)
        if errno == LINUX_EINTR { return }
        if errno == LINUX_EAGAIN { throw .wouldBlock }
        throw .failed(call, errno: errno)
    }
}
