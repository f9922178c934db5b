private import BitcoinCrypto
package import Bytes

/// A text with signatures under it (C2SP signed-note), taken apart and checked in form.
///
/// Reading proves nothing: only what `verify` returned for is signed.
package struct SignedNote: ~Escapable {
    /// The most signatures a note may carry; the format demands that 16 are taken.
    package static let signaturesMax = 100
    /// The most bytes of a note.
    package static let byteCountMax = 1_000_000

    /// The signed text, with its last newline.
    package let text: Span<UInt8>
    /// The number of signature lines, at least one.
    package let signatureCount: Int

    /// The signature lines, each with its newline.
    private let lines: Span<UInt8>

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) throws(TransparencyError) {
        guard bytes.count <= Self.byteCountMax else {
            throw .tooLong(count: bytes.count, limit: Self.byteCountMax)
        }
        guard NoteText.isValid(bytes) else { throw .malformedNote(.encoding) }
        // The text may hold empty lines of its own, so the last one is what divides.
        guard let split = Self.lastEmptyLine(bytes) else { throw .malformedNote(.noSignatures) }
        let lines = bytes.extracting((split + 1)...)
        var reader = LineReader(lines)
        var count = 0
        while !reader.isAtEnd {
            guard count < Self.signaturesMax else { throw .malformedNote(.tooManySignatures) }
            guard let line = reader.next(), SignatureLine(line) != nil else {
                throw .malformedNote(.signatureLine(count))
            }
            count += 1
        }
        guard count > 0 else { throw .malformedNote(.noSignatures) }
        text = bytes.extracting(0..<split)
        self.lines = lines
        signatureCount = count
    }

    /// Throws unless the note carries a signature by `key`, and every signature that names that key
    /// is good. Signatures by other keys are passed over.
    package func verify(_ key: borrowing VerifierKey) throws(TransparencyError) {
        guard key.kind == .ed25519 else { throw .malformedKey }
        var found = false
        var reader = LineReader(lines)
        while let line = reader.next() {
            guard let parsed = SignatureLine(line), parsed.isBy(key) else { continue }
            guard parsed.payloadCount == SignatureLine.plainCount,
                Ed25519.verify(
                    signature: Bytes64(copying: parsed.payload.span.extracting(4..<68)),
                    message: text,
                    publicKey: key.publicKey
                )
            else { throw .badSignature(keyID: key.id) }
            found = true
        }
        guard found else { throw .unsigned(keyID: key.id) }
    }

    /// Like `verify`, for a witness's key: gives the time in seconds since 1970 for which the
    /// cosignature (the first, should there be several) vouches.
    package func verifyCosignature(
        _ key: borrowing VerifierKey
    ) throws(TransparencyError) -> UInt64 {
        guard key.kind == .cosignature else { throw .malformedKey }
        var seconds: UInt64?
        var reader = LineReader(lines)
        while let line = reader.next() {
            guard let parsed = SignatureLine(line), parsed.isBy(key) else { continue }
            guard parsed.payloadCount == SignatureLine.timedCount else {
                throw .badSignature(keyID: key.id)
            }
            let time = parsed.seconds
            let signature = Bytes64(copying: parsed.payload.span.extracting(12..<76))
            guard time <= UInt64(Int64.max),
                try Cosignature.verify(signature, seconds: time, text: text, key.publicKey)
            else { throw .badSignature(keyID: key.id) }
            if seconds == nil { seconds = time }
        }
        guard let seconds else { throw .unsigned(keyID: key.id) }
        return seconds
    }

    /// Writes a whole note of one Ed25519 signature; `text` must end with a newline.
    package static func write(
        text: Span<UInt8>,
        key: borrowing VerifierKey,
        signature: Bytes64,
        to writer: inout ByteWriter
    ) throws(ByteError) {
        precondition(text.count > 0 && text[text.count - 1] == NoteText.newline, "no newline")
        try writer.write(text)
        try writer.writeUInt8(NoteText.newline)
        try SignatureLine.write(key: key, signature: signature, to: &writer)
    }

    /// The place of the empty line's own newline: that of the second in the last pair.
    private static func lastEmptyLine(_ bytes: Span<UInt8>) -> Int? {
        var index = bytes.count - 1
        while index > 0 {
            if bytes[index] == NoteText.newline, bytes[index - 1] == NoteText.newline {
                return index
            }
            index -= 1
        }
        return nil
    }
}
