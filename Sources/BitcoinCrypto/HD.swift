package import Bytes

/// Hierarchical deterministic keys (BIP-32), the private side.
///
/// A node is 64 bytes of the caller's secret memory: the key, then the chain code.
package enum HD {
    /// The bytes of a node.
    package static let nodeCount = 64

    /// The first index of hardened children.
    package static let hardened: UInt32 = 0x8000_0000

    /// The shortest seed that BIP-32 permits, in bytes.
    package static let seedCountMin = 16

    /// The longest seed that BIP-32 permits, in bytes.
    package static let seedCountMax = 64

    /// Writes the master node of a seed; one that gives no valid key is refused, as the BIP says.
    package static func master(
        seed: Span<UInt8>,
        into node: inout MutableSpan<UInt8>,
        curve: borrowing Curve
    ) throws(CryptoError) {
        precondition(node.count == nodeCount, "a node is 64 bytes")
        guard seed.count >= seedCountMin else {
            throw .wrongLength(expected: seedCountMin, found: seed.count)
        }
        guard seed.count <= seedCountMax else {
            throw .wrongLength(expected: seedCountMax, found: seed.count)
        }
        // "Bitcoin seed"
        let key: InlineArray<12, UInt8> = [
            0x42, 0x69, 0x74, 0x63, 0x6F, 0x69, 0x6E, 0x20, 0x73, 0x65, 0x65, 0x64,
        ]
        HMACSHA512.authenticate(key: key.span, message: seed, into: &node)
        guard curve.isSecret(node.span.extracting(0..<32)) else {
            wipe(&node)
            throw .invalidSecretKey
        }
    }

    /// Writes the child of a node.
    ///
    /// A child below `hardened` is derived from the parent's public key; given, it need not be
    /// computed, and it must be the parent's. An index without a valid key throws `invalidTweak`:
    /// the BIP says to go on to the next, but the chance is 2^-127, so callers refuse.
    package static func deriveChild(
        of parent: Span<UInt8>,
        parentPublicKey: Bytes33?,
        index: UInt32,
        into child: inout MutableSpan<UInt8>,
        curve: borrowing Curve
    ) throws(CryptoError) {
        precondition(parent.count == nodeCount && child.count == nodeCount, "a node is 64 bytes")
        let secret = parent.extracting(0..<32)
        let chainCode = parent.extracting(32..<64)
        let number = bigEndian(index)
        if index >= hardened {
            let zero = InlineArray<1, UInt8>(repeating: 0)
            HMACSHA512.authenticate(key: chainCode, zero.span, secret, number.span, into: &child)
        } else {
            let key: Bytes33
            if let parentPublicKey {
                key = parentPublicKey
            } else {
                key = try curve.publicKey(ofSecret: secret)
            }
            HMACSHA512.authenticate(key: chainCode, key.span, Span(), number.span, into: &child)
        }
        var tweak = child._mutatingExtracting(0..<32)
        do {
            try curve.add(secret, toTweak: &tweak)
        } catch {
            wipe(&child)
            throw error
        }
    }

    /// Replaces a node by its child. `scratch`, of the same size, is wiped afterwards.
    package static func descend(
        _ node: inout MutableSpan<UInt8>,
        index: UInt32,
        scratch: inout MutableSpan<UInt8>,
        curve: borrowing Curve
    ) throws(CryptoError) {
        try deriveChild(
            of: node.span,
            parentPublicKey: nil,
            index: index,
            into: &scratch,
            curve: curve
        )
        for place in 0..<nodeCount {
            node[place] = scratch[place]
        }
        wipe(&scratch)
    }

    /// Four bytes, most significant first.
    static func bigEndian(_ value: UInt32) -> Bytes4 {
        var bytes = Bytes4.zero
        var room = bytes.mutableSpan
        room.store(UInt64(value.bigEndian), at: 0, byteCount: 4)
        return bytes
    }
}
