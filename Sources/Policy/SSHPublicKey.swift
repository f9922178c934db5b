private import Bytes

/// An Ed25519 public key in SSH wire form (RFC 4253 section 6.6, RFC 8709 section 4).
package enum SSHPublicKey {
    /// The bytes of the wire form: two strings, each with a big-endian `u32` length.
    package static let byteCount = 51
    static let kind: StaticString = "ssh-ed25519"
    /// Where the 32 bytes of the key begin.
    static let keyOffset = 19

    /// Whether `bytes` are exactly the wire form of an Ed25519 key.
    package static func isEd25519(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count == byteCount else { return false }
        guard bigEndian32(bytes, at: 0) == 11, bigEndian32(bytes, at: 15) == 32 else {
            return false
        }
        for index in 0..<11 where bytes[4 + index] != kind.byte(at: index) {
            return false
        }
        return true
    }

    static func bigEndian32(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
        bytes.littleEndian32(at: offset).byteSwapped
    }
}
