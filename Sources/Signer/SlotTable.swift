package import Bytes
import Policy
import SecretMemory
import Wire

/// What the signer remembers of its recent verdicts: a fixed number of places, chosen by the gate.
///
/// A place holds the digest of a request that was allowed and the hash of the decision leaf that
/// says so. Nothing else of an assessment outlives it. A lost place means assess again, which
/// changes nothing.
package struct SlotTable: ~Copyable {
    /// `u8 1 | digest[32] | leafHash[32] | u32 signatureCount | u32 virtualByteCount |
    /// u64 replacedOutflow | u32 requester | u64 time`, rounded up.
    private static let stride = 96

    private var memory: Arena

    package init() throws(SignerStop) {
        memory = try Arena(needing: AssessHead.slotCount * Self.stride)
    }

    /// Remembers an allowed request.
    package mutating func hold(_ decision: AllowedDecision, at slot: UInt16) {
        let start = Int(slot) * Self.stride
        memory.store(1, at: start, byteCount: 1)
        memory.store(decision.digest.span, at: start + 1)
        memory.store(decision.leafHash.span, at: start + 33)
        memory.store(UInt64(decision.signatureCount), at: start + 65, byteCount: 4)
        memory.store(UInt64(decision.virtualByteCount), at: start + 69, byteCount: 4)
        memory.store(decision.replacedOutflow, at: start + 73, byteCount: 8)
        memory.store(UInt64(decision.inquiry.requester), at: start + 81, byteCount: 4)
        memory.store(decision.inquiry.time, at: start + 85, byteCount: 8)
    }

    /// Forgets what a place held.
    package mutating func clear(_ slot: UInt16) {
        memory.store(0, at: Int(slot) * Self.stride, byteCount: 1)
    }

    /// What a place holds, if anything.
    package func decision(at slot: UInt16) -> AllowedDecision? {
        let start = Int(slot) * Self.stride
        let place = memory.bytes.extracting(start..<start + Self.stride)
        guard place[0] == 1 else { return nil }
        return AllowedDecision(
            digest: Bytes32(copying: place.extracting(1..<33)),
            leafHash: Bytes32(copying: place.extracting(33..<65)),
            signatureCount: Int(place.number(at: 65, byteCount: 4)),
            virtualByteCount: Int(place.number(at: 69, byteCount: 4)),
            replacedOutflow: place.number(at: 73, byteCount: 8),
            inquiry: Inquiry(
                requester: UInt32(place.number(at: 81, byteCount: 4)),
                time: place.number(at: 85, byteCount: 8)
            )
        )
    }
}

/// A request that the signer allowed, and the leaf that says so.
package struct AllowedDecision: Equatable, Sendable {
    package let digest: Bytes32
    package let leafHash: Bytes32
    package let signatureCount: Int
    /// Of the signed transaction.
    package let virtualByteCount: Int
    /// Satoshi that left with the payment that this one replaces; 0 where it replaces none.
    package let replacedOutflow: UInt64
    package let inquiry: Inquiry
}

/// Who asked for an assessment, and when: a release is judged by the same.
package struct Inquiry: Equatable, Sendable {
    /// A uid.
    package let requester: UInt32
    /// Nanoseconds since 1970, as the gate says.
    package let time: UInt64

    /// The same for the policy.
    func asking(under bundle: CheckedBundle) -> Asking {
        Asking(requester: requester, seconds: time / 1_000_000_000, under: bundle)
    }

    /// The same for the leaf, with the sets that the leaf does not have otherwise; nothing where no
    /// rule asks.
    func facts(
        under bundle: CheckedBundle,
        lockTimes: UInt8 = 0,
        replaceable: UInt8 = 0
    ) -> AskedFacts? {
        guard bundle.layout.needs.areFactsAsked else { return nil }
        return AskedFacts(
            requester: requester,
            time: time,
            lockTimes: lockTimes,
            replaceable: replaceable
        )
    }
}
