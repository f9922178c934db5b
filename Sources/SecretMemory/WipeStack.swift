private import CLinux

/// Overwrites the 64 KiB below the caller's frame.
///
/// Call it after every library call that computed with a secret: libsecp256k1 leaves the private
/// scalar in its dead frames, and a scan of the memory finds it there otherwise.
package func wipeStack() {
    linux_wipe_stack()
}

extension MutableSpan where Element == UInt8 {
    /// Overwrites the bytes with zeros; the compiler cannot leave it out, unlike a loop.
    @_lifetime(self: copy self)
    package mutating func wipe() {
        // SAFETY: the buffer is this span's memory, borrowed for the length of the closure.
        unsafe withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            unsafe linux_wipe(start, buffer.count)
        }
    }
}
