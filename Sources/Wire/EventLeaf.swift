package import Bytes

/// What the signer itself did, as it stands in the log.
package enum SignerEvent: UInt8, Equatable, Sendable {
    case unlock = 1
    case refill = 2
    case recover = 3
}

/// Signatures of admins: `vec16 SSHSIG*`, so many as is said before them.
package struct StatementSignatures: ~Escapable {
    private var reader: ByteReader
    package private(set) var left: Int

    /// Takes `count` signatures from `outer`.
    @_lifetime(copy outer)
    package init(reading outer: inout ByteReader, count: Int) throws(ByteError) {
        var probe = outer
        for _ in 0..<count {
            _ = try probe.readVec16()
        }
        reader = ByteReader(try outer.readSpan(probe.position - outer.position))
        left = count
    }

    /// The next signature, or nothing at the end.
    @_lifetime(copy self)
    package mutating func next() -> Span<UInt8>? {
        guard left > 0 else { return nil }
        left -= 1
        do throws(ByteError) {
            return try reader.readVec16()
        } catch {
            preconditionFailure("the list was read once by the initializer")
        }
    }
}
