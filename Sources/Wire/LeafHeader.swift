package import Bytes

/// What a leaf of the log is (protocol.md, section 5).
package enum LeafKind: UInt8, Equatable, Sendable {
    case decision = 2
    case charge = 3
    case coalescedRefusals = 4
    case note = 5
    case event = 6

    /// No leaf is longer, in bytes.
    package static let leafByteCountMax = 60_000
}

/// The first bytes of every leaf: `u8 kind | u8 version = 1 | bytes[16] salt`.
package struct LeafHeader: Equatable, Sendable {
    package static let byteCount = 18

    package let kind: LeafKind
    package let salt: Bytes16

    package init(kind: LeafKind, salt: Bytes16) {
        self.kind = kind
        self.salt = salt
    }

    package init(reading reader: inout ByteReader) throws(ByteError) {
        guard let kind = LeafKind(rawValue: try reader.readUInt8()),
            try reader.readUInt8() == 1
        else { throw .nonCanonical }
        self.kind = kind
        salt = Bytes16(copying: try reader.readSpan(16))
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt8(kind.rawValue)
        try writer.writeUInt8(1)
        try writer.write(salt)
    }
}
