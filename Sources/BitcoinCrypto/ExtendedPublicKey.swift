package import Bytes

/// A public key that can derive children (BIP-32).
package struct ExtendedPublicKey: Equatable, Sendable {
    /// The steps from the master key.
    package let depth: UInt8
    /// The fingerprint of the parent; zero for a master key.
    package let parentFingerprint: Bytes4
    /// The index under the parent; zero for a master key.
    package let childNumber: UInt32
    /// What children's tweaks are made from, together with the key. Not secret, but private.
    package let chainCode: Bytes32
    /// The compressed key, a point of the curve.
    package let key: Bytes33

    /// Takes the parts; the key must be one that the curve admitted.
    package init(
        depth: UInt8,
        parentFingerprint: Bytes4,
        childNumber: UInt32,
        chainCode: Bytes32,
        key: Bytes33
    ) {
        self.depth = depth
        self.parentFingerprint = parentFingerprint
        self.childNumber = childNumber
        self.chainCode = chainCode
        self.key = key
    }

    /// The first four bytes of the key's hash160, by which children name it.
    package var fingerprint: Bytes4 {
        Bytes4(copying: hash160(key.span).span.extracting(0..<4))
    }

    /// The child of an index below `HD.hardened`; only the private node has the others.
    package func child(
        _ index: UInt32,
        curve: borrowing Curve
    ) throws(CryptoError) -> ExtendedPublicKey {
        guard depth < 0xFF else { throw .tooDeep }
        let (childKey, childCode) = try deriveKey(index, curve: curve)
        return ExtendedPublicKey(
            depth: depth + 1,
            parentFingerprint: fingerprint,
            childNumber: index,
            chainCode: childCode,
            key: childKey
        )
    }

    /// The key of a child alone, which saves the fingerprint of this one.
    package func childKey(_ index: UInt32, curve: borrowing Curve) throws(CryptoError) -> Bytes33 {
        try deriveKey(index, curve: curve).0
    }

    private func deriveKey(
        _ index: UInt32,
        curve: borrowing Curve
    ) throws(CryptoError) -> (Bytes33, Bytes32) {
        guard index < HD.hardened else { throw .hardenedFromPublic }
        var code = Bytes64.zero
        var room = code.mutableSpan
        let number = HD.bigEndian(index)
        HMACSHA512.authenticate(key: chainCode.span, key.span, Span(), number.span, into: &room)
        return (
            try curve.add(code.span.extracting(0..<32), to: key),
            Bytes32(copying: code.span.extracting(32..<64))
        )
    }
}
