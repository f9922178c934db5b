import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Transparency

/// What a vector file can say that our types cannot hold.
struct NotAHash: Error {
    let count: Int
}

/// The hash that base64 text stands for; our functions take hashes of 32 bytes by type, so another
/// length is refused here, where outside bytes become a hash.
func hash(_ base64: String) throws -> Bytes32 {
    let bytes = [UInt8](try bytes(base64))
    guard bytes.count == 32 else { throw NotAHash(count: bytes.count) }
    return Bytes32(copying: bytes.span)
}

/// The bytes of a proof of whole hashes.
func proof(_ lines: [String]?) throws -> [UInt8] {
    try (lines ?? []).flatMap { try hash($0).array }
}

func bytes(_ base64: String) throws -> [UInt8] {
    guard let data = Data(base64Encoded: base64) else { throw NotAHash(count: -1) }
    return [UInt8](data)
}

/// The leaf of the golden log at an index.
func goldenLeafHash(_ index: Int) -> Bytes32 {
    Merkle.leafHash([UInt8](text: "leaf \(index)").span)
}

/// RFC 6962's definition of the root, word for word: the judge of everything faster.
func naiveRoot(_ leaves: ArraySlice<Bytes32>) -> Bytes32 {
    if leaves.count == 1, let only = leaves.first { return only }
    guard leaves.count > 1 else { return SHA256.hash([UInt8]().span) }
    let split = leaves.startIndex + splitPoint(leaves.count)
    return Merkle.nodeHash(naiveRoot(leaves[..<split]), naiveRoot(leaves[split...]))
}

/// RFC 6962's definition of an inclusion proof.
func naiveInclusion(_ index: Int, _ leaves: ArraySlice<Bytes32>) -> [Bytes32] {
    guard leaves.count > 1 else { return [] }
    let width = splitPoint(leaves.count)
    let split = leaves.startIndex + width
    return index < width
        ? naiveInclusion(index, leaves[..<split]) + [naiveRoot(leaves[split...])]
        : naiveInclusion(index - width, leaves[split...]) + [naiveRoot(leaves[..<split])]
}

/// RFC 6962's definition of a consistency proof; `isWhole` is its flag b.
func naiveConsistency(
    _ old: Int,
    _ leaves: ArraySlice<Bytes32>,
    isWhole: Bool = true
) -> [Bytes32] {
    if old == leaves.count { return isWhole ? [] : [naiveRoot(leaves)] }
    let width = splitPoint(leaves.count)
    let split = leaves.startIndex + width
    return old <= width
        ? naiveConsistency(old, leaves[..<split], isWhole: isWhole) + [naiveRoot(leaves[split...])]
        : naiveConsistency(old - width, leaves[split...], isWhole: false)
            + [naiveRoot(leaves[..<split])]
}

/// The largest power of two below `count`.
private func splitPoint(_ count: Int) -> Int {
    var power = 1
    while power * 2 < count { power *= 2 }
    return power
}

/// A key pair for tests, from a seed that everyone knows.
struct TestKey {
    let name: [UInt8]
    let publicKey: Bytes32
    let secretKey: [UInt8]

    init(_ name: String, seed: [UInt8]) {
        self.name = [UInt8](text: name)
        var secret = [UInt8](repeating: 0, count: 64)
        var room = secret.mutableSpan
        publicKey = Ed25519.makeKey(seed: seed.span, into: &room)
        secretKey = secret
    }

    /// A signed note over the text.
    func note(_ text: [UInt8]) throws -> [UInt8] {
        let signature = Ed25519.sign(message: text.span, secretKey: secretKey.span)
        let key = try VerifierKey(name: name.span, publicKey: publicKey)
        return try written { writer throws(ByteError) in
            try SignedNote.write(text: text.span, key: key, signature: signature, to: &writer)
        }
    }
}

/// The leaf hash of an array.
func leafHash(_ leaf: [UInt8]) -> Bytes32 {
    Merkle.leafHash(leaf.span)
}

/// The subtree roots in a frontier, largest first.
func hashes(_ range: CompactRange) -> [Bytes32] {
    var found: [Bytes32] = []
    for place in range.hashes.indices { found.append(range.hashes[place]) }
    return found
}

/// The hashes one after the other.
func flat(_ hashes: [Bytes32]) -> [UInt8] {
    hashes.flatMap { $0.array }
}
