private import Bytes
private import CLinux
package import Wire

/// Sixteen random bytes for every leaf of the gate's own, so that its hash confirms no guess.
package struct Salts {
    private static let poolCount = 4_096

    private var pool: [UInt8] = []

    package init() {}

    /// Salt that was given to nothing else.
    package mutating func next() throws(GateError) -> Bytes16 {
        if pool.isEmpty { try refill() }
        let last = pool.suffix(16)
        pool.removeLast(16)
        return Bytes16(copying: last.span)
    }

    private mutating func refill() throws(GateError) {
        pool = [UInt8](repeating: 0, count: Self.poolCount)
        var room = pool.mutableSpan
        // SAFETY: at most `buffer.count` bytes are written, into memory borrowed here.
        let result = unsafe room.withUnsafeMutableBufferPointer { buffer -> Int32 in
            unsafe linux_random(buffer.baseAddress, buffer.count)
        }
        guard result == 0 else { throw .kernel(errno: -result) }
    }
}
