package import Bytes

/// What stands in the clear before the keys, and is authenticated with them (protocol.md, section
/// 7).
package struct KeystoreHeader: Equatable, Sendable {
    package static let byteCount = 120
    static let magic: StaticString = "PCKEYS01"
    static let version: UInt32 = 1

    /// Times that Argon2id goes over its memory.
    package let passes: UInt32
    package let memoryKiB: UInt32
    package let salt: FixedBytes<16>
    package let nonce: FixedBytes<24>
    package let homeID: Bytes32
    package let network: UInt8

    /// Whether the work is within bounds: a file must not be able to ask for hours or all memory.
    package var hasBoundedWork: Bool {
        (1...16).contains(passes) && (8 << 10...1 << 20).contains(memoryKiB)
    }
}

extension KeystoreHeader {
    /// Reads exactly `byteCount` bytes; `nil` for another format, or work out of bounds.
    package init?(reading bytes: Span<UInt8>) {
        var reader = ByteReader(bytes)
        do throws(ByteError) {
            guard try reader.readSpan(8).equals(Self.magic),
                try reader.readUInt32() == Self.version
            else { return nil }
            self.init(
                passes: try reader.readUInt32(),
                memoryKiB: try reader.readUInt32(),
                salt: FixedBytes(copying: try reader.readSpan(16)),
                nonce: FixedBytes(copying: try reader.readSpan(24)),
                homeID: try reader.readBytes32(),
                network: try reader.readUInt8()
            )
            let padding = FixedBytes<27>(copying: try reader.readSpan(27))
            try reader.finish()
            guard padding.isZero, network <= 4, hasBoundedWork else { return nil }
        } catch {
            return nil
        }
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.write(Self.magic)
        try writer.writeUInt32(Self.version)
        try writer.writeUInt32(passes)
        try writer.writeUInt32(memoryKiB)
        try writer.write(salt)
        try writer.write(nonce)
        try writer.write(homeID)
        try writer.writeUInt8(network)
        try writer.write(repeating: 0, count: 27)
    }
}
