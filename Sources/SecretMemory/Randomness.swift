private import CLinux

extension MutableSpan where Element == UInt8 {
    /// Fills the bytes from the kernel's randomness, getrandom(2), straight into their place.
    /// Before the lock-down only.
    @_lifetime(self: copy self)
    package mutating func fillRandomly() throws(SecretMemoryError) {
        // SAFETY: the buffer is this span's memory, borrowed for the length of the closure.
        let result = unsafe withUnsafeMutableBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return 0 }
            return unsafe linux_random(start, buffer.count)
        }
        if result < 0 { throw .randomnessUnavailable(errno: -result) }
    }
}
