package import Bytes

/// Building byte strings on the heap, which the gate may use.
extension [UInt8] {
    /// What `body` writes, at most `limit` bytes; the caller has counted that it fits.
    package static func written(
        limit: Int,
        _ body: (inout ByteWriter) throws(ByteError) -> Void
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        do throws(ByteError) {
            var room = bytes.mutableSpan
            var writer = ByteWriter(&room)
            try body(&writer)
            count = writer.count
        } catch {
            preconditionFailure("the room was counted")
        }
        bytes.removeLast(limit - count)
        return bytes
    }

    /// A copy of borrowed bytes.
    package init(copying bytes: Span<UInt8>) {
        self.init()
        append(bytes)
    }

    /// Appends a copy of borrowed bytes.
    package mutating func append(_ bytes: Span<UInt8>) {
        reserveCapacity(count + bytes.count)
        for index in bytes.indices {
            append(bytes[index])
        }
    }

    /// Appends a hash, a key or a signature.
    package mutating func append<let size: Int>(_ value: FixedBytes<size>) {
        append(value.span)
    }

    /// Appends the low `bytes` bytes of a number, little-endian.
    package mutating func append(_ number: UInt64, bytes: Int) {
        for index in 0..<bytes {
            append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index)))
        }
    }
}
