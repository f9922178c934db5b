package import Bytes

/// One line `— name base64(keyID || signature)` under a note.
package struct SignatureLine: ~Escapable {
    /// The bytes after base64: identifier and Ed25519 signature.
    static let plainCount = 68
    /// The bytes after base64 of a cosignature: identifier, time and Ed25519 signature.
    static let timedCount = 76
    /// The most characters of base64; the largest kind known, ML-DSA-44, has 3,232.
    static let textMax = 4_096

    let name: Span<UInt8>
    let id: UInt32
    /// The first bytes after base64, at most 76 of them.
    let payload: FixedBytes<76>
    /// The number of bytes after base64.
    let payloadCount: Int

    /// Takes a line without its newline apart; nil if it does not have the form.
    @_lifetime(copy line)
    init?(_ line: Span<UInt8>) {
        guard line.starts(with: "— ") else { return nil }
        let rest = line.extracting(4...)
        guard let space = rest.firstIndex(of: NoteText.space) else { return nil }
        let name = rest.extracting(0..<space)
        let text = rest.extracting((space + 1)...)
        guard NoteText.isKeyName(name), text.count <= Self.textMax else { return nil }
        var decoded = InlineArray<3_072, UInt8>(repeating: 0)
        var count = 0
        do throws(ByteError) {
            var room = decoded.mutableSpan
            var writer = ByteWriter(&room)
            try Base64.decode(text, into: &writer)
            count = writer.count
        } catch {
            return nil
        }
        // An identifier without a signature is none.
        guard count > 4 else { return nil }
        self.name = name
        id = VerifierKey.number(decoded.span)
        payload = FixedBytes(copying: decoded.span.extracting(0..<Self.timedCount))
        payloadCount = count
    }

    /// Whether the line claims to be by `key`: both name and identifier agree.
    func isBy(_ key: borrowing VerifierKey) -> Bool {
        id == key.id && name.equals(key.name)
    }

    /// The time of a cosignature.
    var seconds: UInt64 {
        var value: UInt64 = 0
        for index in 4..<12 {
            value = value << 8 | UInt64(payload[index])
        }
        return value
    }

    /// Writes the line of an Ed25519 signature, with its newline.
    package static func write(
        key: borrowing VerifierKey,
        signature: Bytes64,
        to writer: inout ByteWriter
    ) throws(ByteError) {
        var payload = FixedBytes<68>.zero
        let id = VerifierKey.bytes(of: key.id)
        for index in 0..<4 {
            payload[index] = id[index]
        }
        for index in 0..<64 {
            payload[4 + index] = signature[index]
        }
        try writer.write("— ")
        try writer.write(key.name)
        try writer.writeUInt8(NoteText.space)
        try Base64.encode(payload.span, into: &writer)
        try writer.writeUInt8(NoteText.newline)
    }
}
