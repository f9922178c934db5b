private import FoundationEssentials
package import LocalSocket

/// A document, and bytes that travel behind it as they are: a PSBT of 1,000 inputs in base64 inside
/// of the JSON takes more time than signing it.
package struct Framed<Document> {
    package var document: Document
    package var attachment: [UInt8]

    package init(_ document: Document, attachment: [UInt8] = []) {
        self.document = document
        self.attachment = attachment
    }
}

extension Framed: Equatable where Document: Equatable {}
extension Framed: Sendable where Document: Sendable {}

/// One document on a socket: `u32 jsonCount | u32 attachmentCount | JSON | attachment`, counts
/// little-endian.
package enum JSONFrame {
    /// The most bytes of a document with its attachment: a PSBT of 64 MiB, the signatures that were
    /// put into it, and what stands around it.
    package static let byteCountMax = 96 << 20

    static let headerByteCount = 8

    /// A frame without a document: whoever sends it is at work on the answer.
    static let beat = [UInt8](repeating: 0, count: headerByteCount)

    /// Reads one whole document, or nothing when the other end closed before its first byte.
    package static func read<Document: Decodable>(
        _ type: Document.Type,
        from peer: Peer,
        on socket: borrowing Descriptor,
        _ patience: Patience = .usual
    ) throws(FrontError) -> Framed<Document>? {
        guard let frame = try exchange([], with: peer, on: socket, patience) else { return nil }
        return try frame.decode(type)
    }

    /// Writes what is asked, on a nonblocking socket, and reads one whole frame; nothing when the
    /// other end closed before its first byte.
    static func exchange(
        _ question: [[UInt8]],
        with peer: Peer,
        on socket: borrowing Descriptor,
        _ patience: Patience
    ) throws(FrontError) -> ArrivingFrame? {
        var outgoing = DepartingBytes(question)
        var frame = ArrivingFrame()
        var waiting = Waiting(patience)
        while true {
            guard let remaining = waiting.remaining else {
                throw peer.silent(for: patience.silenceMilliseconds)
            }
            do throws(SocketError) {
                var entries = [PollEntry(socket.number, writing: !outgoing.isEmpty)]
                var room = entries.mutableSpan
                guard try Poll.wait(&room, milliseconds: remaining) > 0 else { continue }
                if entries[0].isWritable, !outgoing.isEmpty { try outgoing.send(to: socket) }
                if entries[0].isReadable, try !frame.receive(from: socket) {
                    break
                }
            } catch .wouldBlock {
                continue
            } catch .failed(.write, errno: _) {
                // What it said before it closed may still be there to be read.
                outgoing = DepartingBytes()
            } catch {
                throw .failed("the connection broke: \(SystemWords.reason(error))")
            }
            waiting.heard()
            if frame.isBeat {
                frame = ArrivingFrame()
            } else if frame.isWhole {
                return frame
            }
        }
        guard frame.isBegun else { return nil }
        guard let excess = frame.excess else {
            throw .failed("the connection ended inside a message")
        }
        throw .failed("a message of \(excess) bytes; at most \(byteCountMax) are read")
    }

    /// Writes one document.
    package static func write<Document: Encodable>(
        _ framed: Framed<Document>,
        to descriptor: borrowing Descriptor
    ) throws(FrontError) {
        let parts = try parts(framed)
        do {
            for part in parts { try descriptor.writeAll(part.span) }
        } catch {
            throw .failed("the connection ended while a message was written")
        }
    }

    /// What is to be written, in order.
    static func parts<Document: Encodable>(
        _ framed: Framed<Document>
    ) throws(FrontError) -> [[UInt8]] {
        let body: [UInt8]
        do {
            body = [UInt8](try JSONEncoder().encode(framed.document))
        } catch {
            throw .failed("a message that cannot be written as JSON")
        }
        let total = body.count + framed.attachment.count
        guard total <= byteCountMax else {
            throw .failed("an answer of \(total) bytes; at most \(byteCountMax) are sent")
        }
        let header = [body.count, framed.attachment.count].flatMap { count in
            (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
        }
        return [header + body, framed.attachment]
    }
}

/// One frame as it arrives. Nothing behind its end is read: that is the next frame's.
struct ArrivingFrame {
    private var header = ArrivingBytes(JSONFrame.headerByteCount)
    private var body = ArrivingBytes(0)
    private var attachment = ArrivingBytes(0)
    /// The length that was announced, if it is over the limit: nothing of that frame is read.
    private(set) var excess: Int?

    /// Whether the first byte is there.
    var isBegun: Bool { header.count > 0 }

    var isWhole: Bool {
        header.isWhole && excess == nil && body.isWhole && attachment.isWhole
    }

    /// Whether it is a frame without a document.
    var isBeat: Bool { isWhole && body.wanted == 0 && attachment.wanted == 0 }

    /// The memory that is held.
    var byteCount: Int { body.roomCount + attachment.roomCount }

    /// Reads once; false when the other end is closed, or the frame is longer than is read.
    mutating func receive(from socket: borrowing Descriptor) throws(SocketError) -> Bool {
        guard excess == nil else { return false }
        if header.isWhole {
            return body.isWhole
                ? try attachment.receive(from: socket) : try body.receive(from: socket)
        }
        let isOpen = try header.receive(from: socket)
        if header.isWhole { begin(header.take()) }
        return isOpen && excess == nil
    }

    private mutating func begin(_ bytes: [UInt8]) {
        let counts = [0, 4].map { start in
            (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
        }
        guard counts[0] + counts[1] <= JSONFrame.byteCountMax else {
            excess = counts[0] + counts[1]
            return
        }
        body = ArrivingBytes(counts[0])
        attachment = ArrivingBytes(counts[1])
    }

    /// The document of a whole frame, with its attachment.
    consuming func decode<Document: Decodable>(
        _ type: Document.Type
    ) throws(FrontError) -> Framed<Document> {
        precondition(isWhole, "a frame is read before it is decoded")
        let document: Document
        do {
            document = try JSONDecoder().decode(type, from: Data(body.take()))
        } catch {
            throw .usage("a message that is not in the form of this release")
        }
        return Framed(document, attachment: attachment.take())
    }
}
