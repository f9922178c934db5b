private import BitcoinCrypto
package import Bytes

/// The hashes of RFC 6962, section 2.1, with SHA-256.
///
/// Leaves and nodes are hashed under different prefixes, so neither can stand for the other.
package enum Merkle {
    /// The bytes of one hash.
    package static let hashCount = 32

    /// The root of a tree without leaves: the hash of the empty string.
    package static var emptyRoot: Bytes32 {
        let nothing = InlineArray<0, UInt8>(repeating: 0)
        return SHA256.hash(nothing.span)
    }

    /// The hash of a leaf: `SHA256(0x00 || leaf)`.
    package static func leafHash(_ leaf: Span<UInt8>) -> Bytes32 {
        let prefix = InlineArray<1, UInt8>(repeating: 0x00)
        var hasher = SHA256()
        hasher.update(prefix.span)
        hasher.update(leaf)
        return hasher.finalize()
    }

    /// The hash of an inner node: `SHA256(0x01 || left || right)`.
    package static func nodeHash(_ left: Bytes32, _ right: Bytes32) -> Bytes32 {
        var preimage = InlineArray<65, UInt8>(repeating: 0x01)
        for index in 0..<hashCount {
            preimage[1 + index] = left[index]
            preimage[1 + hashCount + index] = right[index]
        }
        return SHA256.hash(preimage.span)
    }
}
