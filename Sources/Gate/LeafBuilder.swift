private import Bytes
package import Wire

/// Builds the leaves that are the gate's own, each with salt of its own.
package struct LeafBuilder {
    private var salts = Salts()

    package init() {}

    /// The companion of a decision.
    package mutating func charge(
        decisionIndex: UInt64,
        outcome: ChargeOutcome,
        rule: UInt16 = ChargeLeaf.none,
        limit: UInt16 = ChargeLeaf.none,
        group: LeafOutpoint = LeafOutpoint(txid: .zero, vout: 0),
        requester: UInt32,
        time: LeafTime
    ) throws(GateError) -> [UInt8] {
        let leaf = ChargeLeaf(
            salt: try salts.next(),
            decisionIndex: decisionIndex,
            outcome: outcome,
            rule: rule,
            limit: limit,
            group: group,
            requester: requester,
            time: time
        )
        return .written(limit: ChargeLeaf.byteCount) { writer throws(ByteError) in
            try leaf.write(to: &writer)
        }
    }

    /// Refusals that were only counted.
    package mutating func coalesced(
        _ count: Coalescer.Count,
        time: LeafTime
    ) throws(GateError) -> [UInt8] {
        let leaf = CoalescedLeaf(
            salt: try salts.next(),
            requester: count.requester,
            code: count.code,
            count: count.count,
            time: time
        )
        return .written(limit: CoalescedLeaf.byteCount) { writer throws(ByteError) in
            try leaf.write(to: &writer)
        }
    }

    /// Something that happened to the gate itself.
    package mutating func note(
        _ event: NoteEvent,
        detail: [UInt8] = [],
        time: LeafTime
    ) throws(GateError) -> [UInt8] {
        let salt = try salts.next()
        let limit = LeafHeader.byteCount + 1 + 2 + detail.count + LeafTime.byteCount
        return .written(limit: limit) { writer throws(ByteError) in
            let leaf = NoteLeaf(salt: salt, event: event, detail: detail.span, time: time)
            try leaf.write(to: &writer)
        }
    }
}
