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
        bytes.count == byteCount && bigEndian32(bytes, at: 0) == 11
            && bytes.extracting(4..<15).equals(kind) && bigEndian32(bytes, at: 15) == 32
    }

    static func bigEndian32(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
        bytes.littleEndian32(at: offset).byteSwapped
    }
}
