private import BitcoinCrypto
package import Bytes

/// What a key signs; the raw value is the type byte of C2SP signed-note.
package enum SignatureKind: UInt8, Sendable {
    /// Ed25519 over the note's text.
    case ed25519 = 0x01
    /// Ed25519 over a checkpoint and a time (C2SP tlog-cosignature, cosignature/v1).
    case cosignature = 0x04
}

/// A key that signs notes: its name, its kind and its 32 public bytes.
package struct VerifierKey: ~Escapable {
    /// The key's name: the origin, for the key of a log.
    package let name: Span<UInt8>
    package let kind: SignatureKind
    package let publicKey: Bytes32

    /// What stands before its signatures: four bytes of a hash over name, kind and key.
    package let id: UInt32

    @_lifetime(copy name)
    package init(
        name: Span<UInt8>,
        kind: SignatureKind = .ed25519,
        publicKey: Bytes32
    ) throws(TransparencyError) {
        guard NoteText.isKeyName(name) else { throw .malformedNote(.keyName) }
        self.name = name
        self.kind = kind
        self.publicKey = publicKey
        id = Self.id(name: name, kind: kind, publicKey: publicKey)
    }

    /// Reads the text form `name+id+base64(kind || key)`, without a newline.
    @_lifetime(copy text)
    package init(text: Span<UInt8>) throws(TransparencyError) {
        guard let first = text.firstIndex(of: NoteText.plus) else { throw .malformedKey }
        let rest = text.extracting((first + 1)...)
        guard rest.count > 9, rest[8] == NoteText.plus else { throw .malformedKey }
        let found = try Self.readID(rest.extracting(0..<8))

        // 33 bytes are 44 characters without padding.
        guard rest.count == 9 + 44 else { throw .malformedKey }
        var decoded = Bytes33.zero
        do throws(ByteError) {
            var room = decoded.mutableSpan
            var writer = ByteWriter(&room)
            try Base64.decode(rest.extracting(9...), into: &writer)
            guard writer.count == 33 else { throw .nonCanonical }
        } catch {
            throw .malformedKey
        }
        guard let kind = SignatureKind(rawValue: decoded[0]) else { throw .malformedKey }
        let publicKey = Bytes32(copying: decoded.span.extracting(1...))
        try self.init(name: text.extracting(0..<first), kind: kind, publicKey: publicKey)
        guard found == id else { throw .wrongKeyID(found: found, expected: id) }
    }

    /// Writes the text form, without a newline.
    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.write(name)
        try writer.writeUInt8(NoteText.plus)
        try Hex.encode(Self.bytes(of: id).span, into: &writer)
        try writer.writeUInt8(NoteText.plus)
        var key = Bytes33(repeating: kind.rawValue)
        for index in 0..<32 {
            key[1 + index] = publicKey[index]
        }
        try Base64.encode(key.span, into: &writer)
    }

    /// The key identifier: the first four bytes of `SHA256(name || \n || kind || key)`, big-endian.
    package static func id(
        name: Span<UInt8>,
        kind: SignatureKind,
        publicKey: Bytes32
    ) -> UInt32 {
        var middle = InlineArray<2, UInt8>(repeating: NoteText.newline)
        middle[1] = kind.rawValue
        var hasher = SHA256()
        hasher.update(name)
        hasher.update(middle.span)
        hasher.update(publicKey.span)
        return number(hasher.finalize().span)
    }

    /// The four bytes of an identifier, big-endian.
    static func bytes(of id: UInt32) -> FixedBytes<4> {
        var bytes = FixedBytes<4>.zero
        for index in 0..<4 {
            bytes[index] = UInt8(truncatingIfNeeded: id >> UInt32(24 - 8 * index))
        }
        return bytes
    }

    /// The identifier that the first four bytes hold.
    static func number(_ bytes: Span<UInt8>) -> UInt32 {
        var value: UInt32 = 0
        for index in 0..<4 {
            value = value << 8 | UInt32(bytes[index])
        }
        return value
    }

    /// Eight hexadecimal digits; only lower case is the text form.
    private static func readID(_ text: Span<UInt8>) throws(TransparencyError) -> UInt32 {
        var value: UInt32 = 0
        for index in text.indices {
            guard let digit = Hex.value(text[index]), Hex.digit(digit) == text[index] else {
                throw .malformedKey
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
