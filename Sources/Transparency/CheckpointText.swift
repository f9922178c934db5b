package import Bytes

/// The text of a checkpoint in memory of its own: what the audit key signs.
package struct CheckpointText: Sendable {
    /// The most bytes of an origin.
    package static let originMax = 160

    private var storage = InlineArray<256, UInt8>(repeating: 0)
    private var count = 0

    package init(origin: Span<UInt8>, size: UInt64, root: Bytes32) throws(TransparencyError) {
        guard origin.count <= Self.originMax else {
            throw .tooLong(count: origin.count, limit: Self.originMax)
        }
        guard size <= CompactRange.sizeMax else { throw .sizeTooLarge(size) }
        do throws(ByteError) {
            var room = storage.mutableSpan
            var writer = ByteWriter(&room)
            try writer.write(origin)
            try writer.write("\n")
            try Decimal.write(size, to: &writer)
            try writer.write("\n")
            try Base64.encode(root.span, into: &writer)
            try writer.write("\n")
            count = writer.count
        } catch {
            throw .noRoom(error)
        }
    }

    /// The text, with its last newline.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { storage.span.extracting(0..<count) }
    }
}
