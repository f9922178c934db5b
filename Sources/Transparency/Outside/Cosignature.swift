private import BitcoinCrypto
package import Bytes

/// The message that a witness signs (C2SP tlog-cosignature, cosignature/v1).
package enum Cosignature {
    /// The most bytes of a checkpoint's text under a cosignature.
    package static let textMax = 960

    /// Whether `signature` is over the checkpoint text and that time.
    static func verify(
        _ signature: Bytes64,
        seconds: UInt64,
        text: Span<UInt8>,
        _ publicKey: Bytes32
    ) throws(TransparencyError) -> Bool {
        guard text.count <= textMax else { throw .tooLong(count: text.count, limit: textMax) }
        var message = InlineArray<1_024, UInt8>(repeating: 0)
        var room = message.mutableSpan
        var writer = ByteWriter(&room)
        do throws(ByteError) {
            try writeMessage(seconds: seconds, text: text, to: &writer)
        } catch {
            throw .noRoom(error)
        }
        return Ed25519.verify(signature: signature, message: writer.written, publicKey: publicKey)
    }

    /// Writes the signed bytes: a heading, the time, then the checkpoint's text.
    package static func writeMessage(
        seconds: UInt64,
        text: Span<UInt8>,
        to writer: inout ByteWriter
    ) throws(ByteError) {
        try writer.write("cosignature/v1\ntime ")
        try Decimal.write(seconds, to: &writer)
        try writer.writeUInt8(NoteText.newline)
        try writer.write(text)
    }
}
