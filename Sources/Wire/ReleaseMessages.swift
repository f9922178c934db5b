package import Bytes

/// Bounds of a `release` (protocol.md, section 8).
package enum ReleaseLimits {
    package static let entryCountMax = 64
    package static let proofHashCountMax = 64
    /// Digests that the state record remembers as charged.
    package static let ringCount = 112
}

/// One entry of a `release`: the request again, and where its decision stands.
package struct ReleaseEntry: ~Escapable {
    package let slot: UInt16
    package let evidence: ReleaseEvidence
    package let resolved: Span<UInt8>
    /// What the host contributes to every nonce, where the request commits to it.
    package let hostNonce: Bytes32?

    @_lifetime(copy reader)
    package init(reading reader: inout ByteReader) throws(ByteError) {
        slot = try reader.readUInt16()
        guard slot < UInt16(AssessHead.slotCount) else { throw .nonCanonical }
        evidence = try ReleaseEvidence(reading: &reader)
        resolved = try reader.readVec32(limit: ResolvedRequest.byteCountMax)
        hostNonce = ResolvedRequest.isOpened(resolved) ? try reader.readBytes32() : nil
    }
}

/// How the gate shows that the decision is in the tree.
package enum ReleaseEvidence: ~Escapable {
    /// It is among the new leaves, at `offset`, with its companion right after it.
    case new(offset: UInt32, charge: Span<UInt8>)
    /// Both have been there: the decision's place, and of each its bytes and the inclusion proof.
    case retry(index: UInt64, decision: ProvenLeaf, charge: ProvenLeaf)

    @_lifetime(copy reader)
    init(reading reader: inout ByteReader) throws(ByteError) {
        switch try reader.readUInt8() {
        case 1:
            self = .new(
                offset: try reader.readUInt32(),
                charge: try reader.readVec16(limit: LeafKind.leafByteCountMax)
            )
        case 2:
            self = .retry(
                index: try reader.readUInt64(),
                decision: try ProvenLeaf(reading: &reader),
                charge: try ProvenLeaf(reading: &reader)
            )
        default: throw .nonCanonical
        }
    }
}

/// A leaf with the hashes that lead from it to the root: `vec16 leaf | u8 n | hash[32]*n`.
package struct ProvenLeaf: ~Escapable {
    package let bytes: Span<UInt8>
    /// 32 bytes a hash.
    package let proof: Span<UInt8>

    @_lifetime(copy reader)
    init(reading reader: inout ByteReader) throws(ByteError) {
        bytes = try reader.readVec16(limit: LeafKind.leafByteCountMax)
        let count = Int(try reader.readUInt8())
        guard count <= ReleaseLimits.proofHashCountMax else {
            throw .tooLong(count: count, limit: ReleaseLimits.proofHashCountMax)
        }
        proof = try reader.readSpan(32 * count)
    }
}
