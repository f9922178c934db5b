private import BitcoinCrypto
private import Bytes

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

/// A detached signature as `ssh-keygen -Y sign` makes it (OpenSSH, PROTOCOL.sshsig), Ed25519 only.
///
/// `string` below is a big-endian `u32` length and that many bytes.
/// ```
/// blob    "SSHSIG" | u32 version = 1 | string publickey | string namespace | string reserved = ""
///         string hash ("sha256" or "sha512") | string signature
/// signature  string "ssh-ed25519" | string of 64 bytes
/// signed  "SSHSIG" | string namespace | string reserved | string hash | string H(message)
/// ```
package enum SSHSignature {
    /// The longest namespace that `verify` can hold a signature against, in bytes.
    package static let namespaceCountMax = 64

    /// Returns if `blob` is a signature of `message` under `namespace` by `key` (wire form), and
    /// nothing else; throws why not.
    package static func verify(
        blob: Span<UInt8>,
        message: Span<UInt8>,
        namespace: StaticString,
        key: Span<UInt8>
    ) throws(SSHSignatureError) {
        precondition(namespace.utf8CodeUnitCount <= namespaceCountMax, "a longer namespace")
        let parts = try SSHSignatureParts(blob)
        guard SSHPublicKey.isEd25519(key), key.equals(parts.publicKey) else { throw .wrongKey }
        guard parts.namespace.equals(namespace) else { throw .wrongNamespace }
        guard isGood(parts, message, namespace) else { throw .wrongSignature }
    }

    private static func isGood(
        _ parts: SSHSignatureParts,
        _ message: Span<UInt8>,
        _ namespace: StaticString
    ) -> Bool {
        var storage = InlineArray<160, UInt8>(repeating: 0)
        var room = storage.mutableSpan
        var signed = ByteWriter(&room)
        do throws(ByteError) {
            try signed.write(SSHSignatureParts.magic)
            try signed.writeUInt32(UInt32(namespace.utf8CodeUnitCount).bigEndian)
            try signed.write(namespace)
            try signed.writeUInt32(0)
            try signed.writeUInt32(UInt32(6).bigEndian)
            if parts.isSHA512 {
                try signed.write("sha512")
                try signed.writeUInt32(UInt32(64).bigEndian)
                try signed.write(SHA512.hash(message))
            } else {
                try signed.write("sha256")
                try signed.writeUInt32(UInt32(32).bigEndian)
                try signed.write(SHA256.hash(message))
            }
        } catch {
            preconditionFailure("what is signed has room")
        }
        let key = parts.publicKey.extracting(SSHPublicKey.keyOffset...)
        return Ed25519.verify(
            signature: Bytes64(copying: parts.signature),
            message: signed.written,
            publicKey: Bytes32(copying: key)
        )
    }
}

/// What a blob consists of, each in its place and of the one kind we take; nothing is verified.
struct SSHSignatureParts: ~Escapable {
    static let magic: StaticString = "SSHSIG"

    let publicKey: Span<UInt8>
    let namespace: Span<UInt8>
    let isSHA512: Bool
    let signature: Span<UInt8>

    @_lifetime(copy blob)
    init(_ blob: Span<UInt8>) throws(SSHSignatureError) {
        var reader = SSHReader(blob)
        guard try reader.read(6).equals(Self.magic) else { throw .wrongMagic }
        let version = try reader.readUInt32()
        guard version == 1 else { throw .unknownVersion(version) }
        publicKey = try reader.readString()
        guard SSHPublicKey.isEd25519(publicKey) else { throw .keyNotEd25519 }
        namespace = try reader.readString()
        let reserved = try reader.readString()
        guard reserved.isEmpty else { throw .reservedNotEmpty(count: reserved.count) }
        let hash = try reader.readString()
        isSHA512 = hash.equals("sha512")
        guard isSHA512 || hash.equals("sha256") else { throw .unknownHash }
        var inner = SSHReader(try reader.readString())
        try reader.finish()
        guard try inner.readString().equals(SSHPublicKey.kind) else { throw .signatureNotEd25519 }
        signature = try inner.readString()
        guard signature.count == 64 else { throw .signatureNotEd25519 }
        try inner.finish()
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
