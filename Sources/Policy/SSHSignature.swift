private import BitcoinCrypto
package import Bytes

/// Why an SSH signature does not count.
package enum SSHSignatureError: Error, Equatable, Sendable {
    case truncated(needed: Int, left: Int)
    case trailing(count: Int)
    case wrongMagic
    case unknownVersion(UInt32)
    case wrongNamespace
    case reservedNotEmpty(count: Int)
    case unknownHash
    case keyNotEd25519
    case wrongKey
    case signatureNotEd25519
    case wrongSignature
}

/// A detached signature as `ssh-keygen -Y sign` makes it (OpenSSH, PROTOCOL.sshsig), Ed25519 only:
/// of a plain key, or of one in a FIDO2 authenticator (PROTOCOL.u2f).
///
/// `string` below is a big-endian `u32` length and that many bytes.
/// ```
/// blob    "SSHSIG" | u32 version = 1 | string publickey | string namespace | string reserved = ""
///         string hash ("sha256" or "sha512") | string signature
/// signature  string "ssh-ed25519" | string of 64 bytes
///         or string "sk-ssh-ed25519@openssh.com" | string of 64 bytes | u8 flags | u32 counter
/// signed  "SSHSIG" | string namespace | string reserved | string hash | string H(message)
///         an authenticator signs SHA-256(application) | u8 flags | u32 counter | SHA-256(signed)
/// ```
package enum SSHSignature {
    /// The longest namespace that `verify` can hold a signature against, in bytes.
    package static let namespaceCountMax = 64

    /// Returns if `blob` is a signature of `message` under `namespace` by `key` (wire form), a
    /// plain one, and nothing else; throws why not.
    package static func verify(
        blob: Span<UInt8>,
        message: Span<UInt8>,
        namespace: StaticString,
        key: Span<UInt8>
    ) throws(SSHSignatureError) {
        let parts = try SSHSignatureParts(blob)
        guard SSHPublicKey.isEd25519(key), key.equals(parts.publicKey) else { throw .wrongKey }
        guard parts.namespace.equals(namespace) else { throw .wrongNamespace }
        let isGood = parts.isSigned(MessageHashes(of: message), namespace)
        guard isGood else { throw .wrongSignature }
    }
}

/// The hashes of a message, one of which a signature is of.
package struct MessageHashes: Equatable, Sendable {
    package let sha256: Bytes32
    package let sha512: Bytes64

    package init(of message: Span<UInt8>) {
        sha256 = SHA256.hash(message)
        sha512 = SHA512.hash(message)
    }

    fileprivate init(sha256: Bytes32, sha512: Bytes64) {
        (self.sha256, self.sha512) = (sha256, sha512)
    }
}

/// Hashes a message that is never held.
package struct MessageHasher: TextSink, ~Copyable {
    private var sha256 = SHA256()
    private var sha512 = SHA512()
    private var block = FixedBytes<64>.zero
    private var count = 0

    package init() {}

    package mutating func put(_ byte: UInt8) {
        block[count] = byte
        count += 1
        if count == 64 { flush() }
    }

    private mutating func flush() {
        sha256.update(block.span.extracting(0..<count))
        sha512.update(block.span.extracting(0..<count))
        count = 0
    }

    /// The hashes; afterwards the value is as new.
    package mutating func finalize() -> MessageHashes {
        flush()
        return MessageHashes(sha256: sha256.finalize(), sha512: sha512.finalize())
    }
}

/// What a blob consists of, each in its place and of a kind we take; nothing is verified.
struct SSHSignatureParts: ~Escapable {
    static let magic: StaticString = "SSHSIG"

    let publicKey: Span<UInt8>
    let namespace: Span<UInt8>
    let isSHA512: Bool
    let signature: Span<UInt8>
    /// Of an authenticator, `u8 flags | u32 counter`; else nothing.
    let presence: Span<UInt8>

    @_lifetime(copy blob)
    init(_ blob: Span<UInt8>) throws(SSHSignatureError) {
        var reader = SSHReader(blob)
        guard try reader.read(6).equals(Self.magic) else { throw .wrongMagic }
        let version = try reader.readUInt32()
        guard version == 1 else { throw .unknownVersion(version) }
        publicKey = try reader.readString()
        let isOfAuthenticator = SSHPublicKey.isOfAuthenticator(publicKey)
        guard isOfAuthenticator || SSHPublicKey.isEd25519(publicKey) else { throw .keyNotEd25519 }
        namespace = try reader.readString()
        let reserved = try reader.readString()
        guard reserved.isEmpty else { throw .reservedNotEmpty(count: reserved.count) }
        let hash = try reader.readString()
        isSHA512 = hash.equals("sha512")
        guard isSHA512 || hash.equals("sha256") else { throw .unknownHash }
        var inner = SSHReader(try reader.readString())
        try reader.finish()
        let kind = isOfAuthenticator ? SSHPublicKey.kindOfAuthenticator : SSHPublicKey.kind
        guard try inner.readString().equals(kind) else { throw .signatureNotEd25519 }
        signature = try inner.readString()
        guard signature.count == 64 else { throw .signatureNotEd25519 }
        presence = try inner.read(isOfAuthenticator ? 5 : 0)
        try inner.finish()
    }

    /// What the authenticator says of who was there (WebAuthn, section 6.1); 0 of a plain key.
    var flags: UInt8 { presence.isEmpty ? 0 : presence[0] }

    /// Whether the key named signed a message under a namespace.
    func isSigned(_ message: MessageHashes, _ namespace: StaticString) -> Bool {
        precondition(
            namespace.utf8CodeUnitCount <= SSHSignature.namespaceCountMax,
            "a longer namespace"
        )
        var storage = InlineArray<160, UInt8>(repeating: 0)
        var room = storage.mutableSpan
        var signed = ByteWriter(&room)
        do throws(ByteError) {
            try signed.write(Self.magic)
            try signed.writeUInt32(UInt32(namespace.utf8CodeUnitCount).bigEndian)
            try signed.write(namespace)
            try signed.writeUInt32(0)
            try signed.writeUInt32(UInt32(6).bigEndian)
            if isSHA512 {
                try signed.write("sha512")
                try signed.writeUInt32(UInt32(64).bigEndian)
                try signed.write(message.sha512)
            } else {
                try signed.write("sha256")
                try signed.writeUInt32(UInt32(32).bigEndian)
                try signed.write(message.sha256)
            }
        } catch {
            preconditionFailure("what is signed has room")
        }
        guard !presence.isEmpty else { return isGood(signed.written) }
        var wrapped = InlineArray<69, UInt8>(repeating: 0)
        var outer = wrapped.mutableSpan
        let count = outer.write { writer throws(ByteError) in
            try writer.write(SHA256.hash(SSHPublicKey.application(of: publicKey)))
            try writer.write(presence)
            try writer.write(SHA256.hash(signed.written))
        }
        return isGood(outer.span.extracting(0..<count))
    }

    private func isGood(_ signed: Span<UInt8>) -> Bool {
        Ed25519.verify(
            signature: Bytes64(copying: signature),
            message: signed,
            publicKey: Bytes32(copying: SSHPublicKey.point(of: publicKey))
        )
    }
}

/// Reads big-endian numbers and strings; nothing is copied.
private struct SSHReader: ~Escapable {
    private var rest: Span<UInt8>

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        rest = bytes
    }

    @_lifetime(copy self)
    mutating func read(_ count: Int) throws(SSHSignatureError) -> Span<UInt8> {
        guard count <= rest.count else { throw .truncated(needed: count, left: rest.count) }
        let bytes = rest.extracting(..<count)
        rest = rest.extracting(count...)
        return bytes
    }

    mutating func readUInt32() throws(SSHSignatureError) -> UInt32 {
        SSHPublicKey.bigEndian32(try read(4), at: 0)
    }

    @_lifetime(copy self)
    mutating func readString() throws(SSHSignatureError) -> Span<UInt8> {
        try read(Int(try readUInt32()))
    }

    func finish() throws(SSHSignatureError) {
        guard rest.isEmpty else { throw .trailing(count: rest.count) }
    }
}
