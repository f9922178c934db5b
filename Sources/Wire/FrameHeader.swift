package import Bytes

/// The five bytes before every payload: `u32 length | u8 kind`; `length` counts the kind's byte.
package struct FrameHeader: Equatable, Sendable {
    /// How many bytes a header has.
    package static let byteCount = 5

    package let kind: MessageKind
    /// The bytes that follow the header.
    package let payloadCount: Int

    package init(kind: MessageKind, payloadCount: Int) {
        precondition(payloadCount >= 0 && payloadCount < kind.lengthMax, "a frame within its limit")
        self.kind = kind
        self.payloadCount = payloadCount
    }

    /// Reads a header of exactly five bytes; anything that is not a known kind within its limit is
    /// a breach.
    package init(reading bytes: Span<UInt8>) throws(FrameError) {
        precondition(bytes.count == Self.byteCount, "five header bytes")
        let length = UInt32(bytes.number(at: 0, byteCount: 4))
        guard let kind = MessageKind(rawValue: bytes[4]) else {
            throw .unknownKind(bytes[4])
        }
        guard length >= 1 else { throw .empty }
        guard length <= UInt32(kind.lengthMax) else {
            throw .tooLong(length: length, limit: UInt32(kind.lengthMax))
        }
        self.kind = kind
        payloadCount = Int(length) - 1
    }

    /// Appends the five header bytes.
    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt32(UInt32(payloadCount + 1))
        try writer.writeUInt8(kind.rawValue)
    }
}

/// Why a frame ends the session.
package enum FrameError: Error, Equatable, Sendable {
    case unknownKind(UInt8)
    case empty
    case tooLong(length: UInt32, limit: UInt32)
    case cutShort
    case notPermitted(MessageKind)
}
