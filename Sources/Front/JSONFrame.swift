private import Bytes
private import FoundationEssentials
package import LocalSocket

/// One JSON document on a socket: `u32 length | JSON`, length little-endian.
package enum JSONFrame {
    /// The most bytes of a document: a PSBT of 64 MiB in base64, and what stands around it.
    package static let byteCountMax = 96 << 20

    /// Reads one whole document, or nothing when the other end closed before its first byte.
    package static func read<Value: Decodable>(
        _ type: Value.Type,
        from descriptor: borrowing Descriptor
    ) throws(FrontError) -> Value? {
        guard let header = try readBytes(4, from: descriptor, endIsFine: true) else { return nil }
        var count = 0
        for (place, byte) in header.enumerated() {
            count |= Int(byte) << (8 * place)
        }
        guard count <= byteCountMax else {
            throw .failed("a message of \(count) bytes; at most \(byteCountMax) are read")
        }
        guard let body = try readBytes(count, from: descriptor, endIsFine: false) else {
            throw .failed("the connection ended inside a message")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            throw .usage("a message that is not in the form of this release")
        }
    }

    /// Writes one document.
    package static func write(
        _ value: some Encodable,
        to descriptor: borrowing Descriptor
    ) throws(FrontError) {
        let frame = try bytes(value)
        do {
            try descriptor.writeAll(frame.span)
        } catch {
            throw .failed("the connection ended while a message was written")
        }
    }

    /// One document with its length before it.
    static func bytes(_ value: some Encodable) throws(FrontError) -> [UInt8] {
        let body: [UInt8]
        do {
            body = [UInt8](try JSONEncoder().encode(value))
        } catch {
            throw .failed("a message that cannot be written as JSON")
        }
        guard body.count <= byteCountMax else {
            throw .failed("an answer of \(body.count) bytes; at most \(byteCountMax) are sent")
        }
        return (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (8 * $0)) } + body
    }

    /// Grows as bytes arrive, so that a length alone costs nobody memory.
    private static func readBytes(
        _ count: Int,
        from descriptor: borrowing Descriptor,
        endIsFine: Bool
    ) throws(FrontError) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let left = min(count - bytes.count, Descriptor.callBytesMax)
            var piece = [UInt8](repeating: 0, count: left)
            let got: Int
            do {
                var room = piece.mutableSpan
                got = try descriptor.readSome(into: &room)
            } catch {
                throw .failed("the connection broke: \(error)")
            }
            if got == 0 {
                if bytes.isEmpty, endIsFine { return nil }
                throw .failed("the connection ended inside a message")
            }
            bytes += piece[0..<got]
        }
        return bytes
    }
}
