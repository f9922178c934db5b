package import Bytes
private import Transparency

/// What a client keeps: a tlog-proof that anyone can verify offline (protocol.md, section 6).
package enum Receipt {
    /// The bytes beside `extra`: `u8 version = 1 | audit public key | leaf`.
    private static let version: UInt8 = 1

    /// The proof that `leaf` stands at `index` of the tree whose signed note is given.
    package static func bytes(
        auditKey: Bytes32,
        leaf: [UInt8],
        index: UInt64,
        proof: [Bytes32],
        note: [UInt8]
    ) -> [UInt8] {
        var extra = [version]
        extra.append(auditKey)
        extra += leaf
        var hashes: [UInt8] = []
        for hash in proof { hashes.append(hash) }
        // Headings, a number of 20 digits, and a line of 45 characters for each hash.
        let limit =
            128 + Base64.encodedCount(extra.count) + 45 * proof.count + note.count
        return .written(limit: limit) { writer throws(ByteError) in
            try TlogProof.write(
                extra: extra.span,
                index: index,
                proof: hashes.span,
                checkpoint: note.span,
                to: &writer
            )
        }
    }
}
