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
    private static let magic: StaticString = "SSHSIG"
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
        var reader = SSHReader(blob)
        let parts = try parse(&reader)
        guard SSHPublicKey.isEd25519(key), key.holdsSameBytes(as: parts.publicKey.of(blob)) else {
            throw .wrongKey
        }
        guard equal(parts.namespace.of(blob), namespace) else { throw .wrongNamespace }
        guard isGood(parts, blob: blob, message, namespace) else { throw .wrongSignature }
    }

    /// The public key a signature names (51 bytes, wire form); it proves nothing by itself.
    @_lifetime(copy blob)
    package static func publicKey(in blob: Span<UInt8>) throws(SSHSignatureError) -> Span<UInt8> {
        var reader = SSHReader(blob)
        return try parse(&reader).publicKey.of(blob)
    }

    private struct Parts {
        let publicKey: ByteRange
        let namespace: ByteRange
        let isSHA512: Bool
        let signature: ByteRange
    }

    private static func parse(_ reader: inout SSHReader) throws(SSHSignatureError) -> Parts {
        let blob = reader.bytes
        let start = try reader.skip(magic.utf8CodeUnitCount)
        guard equal(ByteRange(start: start, count: 6).of(blob), magic) else { throw .wrongMagic }
        let version = try reader.readUInt32()
        guard version == 1 else { throw .unknownVersion(version) }
        let publicKey = try reader.readString()
        guard SSHPublicKey.isEd25519(publicKey.of(blob)) else { throw .keyNotEd25519 }
        let namespace = try reader.readString()
        let reserved = try reader.readString()
        guard reserved.count == 0 else { throw .reservedNotEmpty(count: reserved.count) }
        let hash = try reader.readString()
        let isSHA512 = equal(hash.of(blob), "sha512")
        guard isSHA512 || equal(hash.of(blob), "sha256") else { throw .unknownHash }
        let signature = try reader.readString()
        guard reader.left == 0 else { throw .trailing(count: reader.left) }
        return Parts(
            publicKey: publicKey,
            namespace: namespace,
            isSHA512: isSHA512,
            signature: try rawSignature(signature.of(blob), at: signature.start)
        )
    }

    private static func rawSignature(
        _ bytes: Span<UInt8>,
        at start: Int
    ) throws(SSHSignatureError) -> ByteRange {
        var reader = SSHReader(bytes)
        let kind = try reader.readString()
        guard equal(kind.of(bytes), SSHPublicKey.kind) else { throw .signatureNotEd25519 }
        let raw = try reader.readString()
        guard raw.count == 64 else { throw .signatureNotEd25519 }
        guard reader.left == 0 else { throw .trailing(count: reader.left) }
        return ByteRange(start: start + raw.start, count: 64)
    }

    /// Rebuilds the signed text and holds the signature against it.
    private static func isGood(
        _ parts: Parts,
        blob: Span<UInt8>,
        _ message: Span<UInt8>,
        _ namespace: StaticString
    ) -> Bool {
        var signed = SignedText()
        signed.append(magic)
        signed.appendString(namespace)
        signed.appendUInt32(0)
        if parts.isSHA512 {
            signed.appendString("sha512")
            signed.appendString(SHA512.hash(message).span)
        } else {
            signed.appendString("sha256")
            signed.appendString(SHA256.hash(message).span)
        }
        let key = parts.publicKey.of(blob)
        return Ed25519.verify(
            signature: Bytes64(copying: parts.signature.of(blob)),
            message: signed.bytes,
            publicKey: Bytes32(copying: key.extracting(SSHPublicKey.keyOffset..<key.count))
        )
    }

    private static func equal(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count where bytes[index] != text.byte(at: index) {
            return false
        }
        return true
    }
}

/// A place in SSH wire data; every read is held against what is left.
private struct SSHReader: ~Escapable {
    let bytes: Span<UInt8>
    private var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    var left: Int { bytes.count - offset }

    mutating func skip(_ count: Int) throws(SSHSignatureError) -> Int {
        guard count <= left else { throw .truncated(needed: count, left: left) }
        defer { offset += count }
        return offset
    }

    mutating func readUInt32() throws(SSHSignatureError) -> UInt32 {
        let start = try skip(4)
        return SSHPublicKey.bigEndian32(bytes, at: start)
    }

    mutating func readString() throws(SSHSignatureError) -> ByteRange {
        let count = Int(try readUInt32())
        return ByteRange(start: try skip(count), count: count)
    }
}

/// The text that is signed: 6 + 4 + 64 + 4 + 10 + 68 bytes at most.
private struct SignedText {
    private var storage = InlineArray<160, UInt8>(repeating: 0)
    private var count = 0

    var bytes: Span<UInt8> {
        @_lifetime(borrow self) get { storage.span.extracting(0..<count) }
    }

    mutating func append(_ byte: UInt8) {
        storage[count] = byte
        count += 1
    }

    mutating func append(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount {
            append(text.byte(at: index))
        }
    }

    mutating func appendUInt32(_ value: Int) {
        for place in 0..<4 {
            append(UInt8(truncatingIfNeeded: value >> (24 - 8 * place)))
        }
    }

    mutating func appendString(_ text: StaticString) {
        appendUInt32(text.utf8CodeUnitCount)
        append(text)
    }

    mutating func appendString(_ bytes: Span<UInt8>) {
        appendUInt32(bytes.count)
        for index in 0..<bytes.count {
            append(bytes[index])
        }
    }
}
