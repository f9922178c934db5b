package import Bytes

/// The four version bytes of BIP-32, which say what an extended key is and for which networks.
package enum ExtendedKeyVersion: UInt32, Sendable {
    case xpub = 0x0488_B21E
    case xprv = 0x0488_ADE4
    case tpub = 0x0435_87CF
    case tprv = 0x0435_8394

    /// Whether a private key follows.
    package var isPrivate: Bool {
        switch self {
        case .xprv, .tprv: true
        case .xpub, .tpub: false
        }
    }

    /// Whether it is for networks other than main.
    package var isTest: Bool {
        switch self {
        case .tpub, .tprv: true
        case .xpub, .xprv: false
        }
    }

    /// The version of the 78 bytes of an extended key; any other version is refused.
    package init(of bytes: Span<UInt8>) throws(CryptoError) {
        guard bytes.count == ExtendedKeyFormat.count else {
            throw .wrongLength(expected: ExtendedKeyFormat.count, found: bytes.count)
        }
        let value = ExtendedKeyFormat.number(bytes, at: 0)
        guard let version = ExtendedKeyVersion(rawValue: value) else {
            throw .unknownVersion(value)
        }
        self = version
    }
}

/// Where an extended private key stands below its master.
package struct ExtendedKeyPlace: Equatable, Sendable {
    /// The steps from the master key.
    package let depth: UInt8
    /// The fingerprint of the parent; zero for a master key.
    package let parentFingerprint: Bytes4
    /// The index under the parent; zero for a master key.
    package let childNumber: UInt32

    package init(depth: UInt8, parentFingerprint: Bytes4, childNumber: UInt32) {
        self.depth = depth
        self.parentFingerprint = parentFingerprint
        self.childNumber = childNumber
    }
}

/// The 78 bytes of an extended key (BIP-32), which Base58Check turns into text: version, depth,
/// parent's fingerprint, child number, chain code, key. Numbers are big-endian.
package enum ExtendedKeyFormat {
    /// The bytes of every extended key.
    package static let count = 78

    /// Reads a public key of either version and refuses what BIP-32 calls invalid.
    package static func readPublic(
        _ bytes: Span<UInt8>,
        curve: borrowing Curve
    ) throws(CryptoError) -> ExtendedPublicKey {
        let version = try ExtendedKeyVersion(of: bytes)
        guard !version.isPrivate else { throw .unknownVersion(version.rawValue) }
        let place = try readPlace(bytes)
        return ExtendedPublicKey(
            depth: place.depth,
            parentFingerprint: place.parentFingerprint,
            childNumber: place.childNumber,
            chainCode: Bytes32(copying: bytes.extracting(13..<45)),
            key: try curve.compress(bytes.extracting(45..<78))
        )
    }

    /// Writes a public key; `version` can also be one of SLIP-132, for comparison with others.
    package static func write(
        _ key: ExtendedPublicKey,
        version: UInt32,
        into bytes: inout MutableSpan<UInt8>
    ) {
        precondition(bytes.count == count, "an extended key is 78 bytes")
        let place = ExtendedKeyPlace(
            depth: key.depth,
            parentFingerprint: key.parentFingerprint,
            childNumber: key.childNumber
        )
        write(place, version: version, into: &bytes)
        copy(key.chainCode.span, to: 13, of: &bytes)
        copy(key.key.span, to: 45, of: &bytes)
    }

    /// Reads a private key into the 64 bytes of `node` and refuses what BIP-32 calls invalid.
    package static func readPrivate(
        _ bytes: Span<UInt8>,
        into node: inout MutableSpan<UInt8>,
        curve: borrowing Curve
    ) throws(CryptoError) -> ExtendedKeyPlace {
        precondition(node.count == HD.nodeCount, "a node is 64 bytes")
        let version = try ExtendedKeyVersion(of: bytes)
        guard version.isPrivate else { throw .unknownVersion(version.rawValue) }
        let place = try readPlace(bytes)
        guard bytes[45] == 0, curve.isSecret(bytes.extracting(46..<78)) else {
            throw .invalidSecretKey
        }
        copy(bytes.extracting(46..<78), to: 0, of: &node)
        copy(bytes.extracting(13..<45), to: 32, of: &node)
        return place
    }

    /// Writes a private key from the 64 bytes of `node`.
    package static func writePrivate(
        _ node: Span<UInt8>,
        place: ExtendedKeyPlace,
        version: UInt32,
        into bytes: inout MutableSpan<UInt8>
    ) {
        precondition(node.count == HD.nodeCount, "a node is 64 bytes")
        precondition(bytes.count == count, "an extended key is 78 bytes")
        write(place, version: version, into: &bytes)
        copy(node.extracting(32..<64), to: 13, of: &bytes)
        bytes[45] = 0
        copy(node.extracting(0..<32), to: 46, of: &bytes)
    }

    private static func readPlace(_ bytes: Span<UInt8>) throws(CryptoError) -> ExtendedKeyPlace {
        let place = ExtendedKeyPlace(
            depth: bytes[4],
            parentFingerprint: Bytes4(copying: bytes.extracting(5..<9)),
            childNumber: number(bytes, at: 9)
        )
        guard place.depth > 0 || (place.parentFingerprint.isZero && place.childNumber == 0) else {
            throw .masterWithParent
        }
        return place
    }

    private static func write(
        _ place: ExtendedKeyPlace,
        version: UInt32,
        into bytes: inout MutableSpan<UInt8>
    ) {
        copy(HD.bigEndian(version).span, to: 0, of: &bytes)
        bytes[4] = place.depth
        copy(place.parentFingerprint.span, to: 5, of: &bytes)
        copy(HD.bigEndian(place.childNumber).span, to: 9, of: &bytes)
    }

    private static func copy(
        _ source: Span<UInt8>,
        to start: Int,
        of bytes: inout MutableSpan<UInt8>
    ) {
        for index in source.indices {
            bytes[start + index] = source[index]
        }
    }

    /// The four bytes from `start` as a number, most significant first.
    static func number(_ bytes: Span<UInt8>, at start: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in 0..<4 {
            value = value << 8 | UInt32(bytes[start + index])
        }
        return value
    }
}
