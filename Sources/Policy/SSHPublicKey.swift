private import Bytes

/// Ed25519 public keys in SSH wire form: strings, each with a big-endian `u32` length.
package enum SSHPublicKey {
    /// The bytes of a plain key (RFC 4253 section 6.6, RFC 8709 section 4): its kind and 32 bytes.
    package static let byteCount = 51
    /// The most bytes of a key of an authenticator: its kind, 32 bytes and the application.
    package static let byteCountMax = 128
    static let kind: StaticString = "ssh-ed25519"
    /// A key that lives in a FIDO2 authenticator (OpenSSH, PROTOCOL.u2f).
    static let kindOfAuthenticator: StaticString = "sk-ssh-ed25519@openssh.com"
    /// Where the 32 bytes of the key begin, in the one and in the other.
    static let keyOffset = 19
    private static let keyOffsetOfAuthenticator = 34
    private static let applicationOffset = 70

    /// Whether `bytes` are exactly the wire form of a plain Ed25519 key.
    package static func isEd25519(_ bytes: Span<UInt8>) -> Bool {
        bytes.count == byteCount && bigEndian32(bytes, at: 0) == 11
            && bytes.extracting(4..<15).equals(kind) && bigEndian32(bytes, at: 15) == 32
    }

    /// Whether `bytes` are exactly the wire form of an Ed25519 key of an authenticator.
    package static func isOfAuthenticator(_ bytes: Span<UInt8>) -> Bool {
        (applicationOffset...byteCountMax).contains(bytes.count) && bigEndian32(bytes, at: 0) == 26
            && bytes.extracting(4..<30).equals(kindOfAuthenticator)
            && bigEndian32(bytes, at: 30) == 32
            && bigEndian32(bytes, at: 66) == UInt32(bytes.count - applicationOffset)
    }

    /// The 32 bytes of a key that is one of the two.
    @_lifetime(copy bytes)
    static func point(of bytes: Span<UInt8>) -> Span<UInt8> {
        let start = bytes.count == byteCount ? keyOffset : keyOffsetOfAuthenticator
        return bytes.extracting(start..<(start + 32))
    }

    /// What the signatures of an authenticator's key are bound to.
    @_lifetime(copy bytes)
    static func application(of bytes: Span<UInt8>) -> Span<UInt8> {
        bytes.extracting(applicationOffset...)
    }

    static func bigEndian32(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
        bytes.littleEndian32(at: offset).byteSwapped
    }
}
