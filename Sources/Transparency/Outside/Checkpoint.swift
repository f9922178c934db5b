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
