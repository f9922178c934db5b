import Bytes

/// Entropy for other wallets, derived from the master key (BIP-85): whoever learns it learns
/// nothing of the key that it came from.
package enum ChildEntropy {
    /// The first step of every path.
    package static let purpose: UInt32 = 83_696_968 | HD.hardened

    /// The bytes of entropy of a node.
    package static let count = 64

    /// Replaces a node, which was derived by hardened steps alone, by its entropy.
    package static func replace(
        _ node: inout MutableSpan<UInt8>,
        scratch: inout MutableSpan<UInt8>
    ) {
        precondition(node.count == HD.nodeCount && scratch.count == count, "both are 64 bytes")
        // "bip-entropy-from-k"
        let key: InlineArray<18, UInt8> = [
            0x62, 0x69, 0x70, 0x2D, 0x65, 0x6E, 0x74, 0x72, 0x6F, 0x70, 0x79, 0x2D, 0x66, 0x72,
            0x6F, 0x6D, 0x2D, 0x6B,
        ]
        HMACSHA512.authenticate(
            key: key.span,
            message: node.span.extracting(0..<32),
            into: &scratch
        )
        for place in 0..<count {
            node[place] = scratch[place]
        }
        wipe(&scratch)
    }
}
