package import Bytes

/// What a log commits to (C2SP tlog-checkpoint): its origin, its size and its root.
///
/// Extension lines, which that specification advises against, are refused.
package struct Checkpoint: ~Escapable {
    package let origin: Span<UInt8>
    /// The number of leaves, below 2⁶³.
    package let size: UInt64
    package let root: Bytes32

    /// Reads the text of a checkpoint, which is the text of its note: exactly three lines.
    ///
    /// A checkpoint of size 0 must carry the empty tree's root.
    @_lifetime(copy text)
    package init(text: Span<UInt8>) throws(TransparencyError) {
        guard NoteText.isValid(text) else { throw .malformedNote(.encoding) }
        var lines = LineReader(text)
        guard let origin = lines.next(), !origin.isEmpty else {
            throw .malformedCheckpoint(line: 0)
        }
        guard let digits = lines.next(),
            let size = Decimal.parse(digits, limit: CompactRange.sizeMax)
        else { throw .malformedCheckpoint(line: 1) }
        guard let encoded = lines.next(), let root = HashText.decode(encoded) else {
            throw .malformedCheckpoint(line: 2)
        }
        guard size > 0 || root == Merkle.emptyRoot else { throw .malformedCheckpoint(line: 2) }
        guard lines.isAtEnd else { throw .malformedCheckpoint(line: 3) }
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// Writes the three lines.
    package static func write(
        origin: Span<UInt8>,
        size: UInt64,
        root: Bytes32,
        to writer: inout ByteWriter
    ) throws(ByteError) {
        try writer.write(origin)
        try writer.writeUInt8(NoteText.newline)
        try Decimal.write(size, to: &writer)
        try writer.writeUInt8(NoteText.newline)
        try HashText.write(root, to: &writer)
    }
}

/// The text of a checkpoint in memory of its own: what the audit key signs.
package struct CheckpointText: Sendable {
    /// The most bytes of an origin.
    package static let originMax = 160

    private var storage = InlineArray<256, UInt8>(repeating: 0)
    private var count = 0

    package init(
        origin: Span<UInt8>,
        size: UInt64,
        root: Bytes32
    ) throws(TransparencyError) {
        guard origin.count <= Self.originMax else {
            throw .tooLong(count: origin.count, limit: Self.originMax)
        }
        guard size <= CompactRange.sizeMax else { throw .sizeTooLarge(size) }
        do throws(ByteError) {
            var room = storage.mutableSpan
            var writer = ByteWriter(&room)
            try Checkpoint.write(origin: origin, size: size, root: root, to: &writer)
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

/// A hash as a line of base64.
enum HashText {
    /// The 32 bytes that `line` stands for, or nil.
    static func decode(_ line: Span<UInt8>) -> Bytes32? {
        // 32 bytes are 43 characters and one of padding.
        guard line.count == 44 else { return nil }
        var hash = Bytes32.zero
        do throws(ByteError) {
            var room = hash.mutableSpan
            var writer = ByteWriter(&room)
            try Base64.decode(line, into: &writer)
            guard writer.count == Merkle.hashCount else { return nil }
        } catch {
            return nil
        }
        return hash
    }

    /// Writes the line with its newline.
    static func write(_ hash: Bytes32, to writer: inout ByteWriter) throws(ByteError) {
        try Base64.encode(hash.span, into: &writer)
        try writer.writeUInt8(NoteText.newline)
    }
}
