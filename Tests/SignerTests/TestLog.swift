import BitcoinCrypto
import Bytes
import TestSupport
import Transparency
import Wire

/// The gate's log, as far as a signer can see it: leaves, their tree, and what was shown of it so
/// far.
final class TestLog {
    private(set) var leaves: [[UInt8]] = []
    /// How many leaves the signer has seen.
    private(set) var shownCount = 0
    var number: UInt32 = 0
    var time: UInt64 = 1_000
    let homeID: Bytes32

    init(homeID: Bytes32) {
        self.homeID = homeID
    }

    /// The same log, cut to so many leaves that the signer has seen.
    func copy(count: Int, shown: Int) -> TestLog {
        let other = TestLog(homeID: homeID)
        other.leaves = Array(leaves.prefix(count))
        other.shownCount = shown
        other.number = number
        other.time = time
        return other
    }

    func append(_ leaf: [UInt8]) {
        leaves.append(leaf)
    }

    /// What was appended is shown.
    func commit() {
        shownCount = leaves.count
    }

    /// What was appended and not shown never was.
    func forget() {
        leaves.removeSubrange(shownCount...)
    }

    var newHashes: [[UInt8]] { leaves[shownCount...].map(Self.hash) }

    static func hash(_ leaf: [UInt8]) -> [UInt8] { Merkle.leafHash(leaf.span).span.array }

    func root(_ count: Int) -> Bytes32 { range(count).root }

    private func range(_ count: Int) -> CompactRange {
        var range = CompactRange()
        for leaf in leaves.prefix(count) { range.append(leafHash: Merkle.leafHash(leaf.span)) }
        return range
    }

    /// `resume` over what was shown, with the rest as later leaves.
    func resumePayload(checkpoint: [UInt8] = [UInt8](repeating: 0, count: 104)) -> [UInt8] {
        let range = range(shownCount)
        var payload = little(number) + little(UInt64(shownCount)) + [UInt8(range.count)]
        for place in 0..<range.count { payload += range.hashes[place].span.array }
        payload += checkpoint + little(UInt32(newHashes.count))
        return payload + newHashes.flatMap(\.self)
    }

    func advancePayload() -> [UInt8] {
        little(time) + little(UInt32(newHashes.count)) + newHashes.flatMap(\.self)
    }

    /// The tagged events in an answer to `resume`.
    static func events(_ payload: [UInt8]) throws -> [[UInt8]] {
        var reader = ByteReader(payload.span)
        _ = try SignedHead(reading: &reader)
        let count = try reader.readUInt16()
        var events: [[UInt8]] = []
        for _ in 0..<count { events.append(try reader.readVec16().array) }
        try reader.finish()
        return events
    }

    /// Appends a decision and the gate's charge; what the charge says may be changed.
    func charge(
        _ decision: [UInt8],
        index: UInt64? = nil,
        outcome: ChargeOutcome = .charged,
        rule: UInt16 = 0,
        requester: UInt32 = 1_000,
        logTime: UInt64? = nil
    ) {
        let place = UInt64(leaves.count)
        append(decision)
        append(
            Self.chargeLeaf(
                index ?? place,
                outcome: outcome,
                rule: rule,
                requester: requester,
                logTime: logTime ?? time
            )
        )
    }

    static func chargeLeaf(
        _ index: UInt64,
        outcome: ChargeOutcome = .charged,
        rule: UInt16 = 0,
        requester: UInt32 = 1_000,
        logTime: UInt64
    ) -> [UInt8] {
        let leaf = ChargeLeaf(
            salt: Bytes16(repeating: 9),
            decisionIndex: index,
            outcome: outcome,
            rule: rule,
            limit: ChargeLeaf.none,
            group: LeafOutpoint(txid: .zero, vout: 0),
            requester: requester,
            time: LeafTime(
                logTime: logTime,
                realtime: logTime,
                boottime: 5,
                bootID: .zero,
                sync: 1,
                maxErrorMicroseconds: 1
            )
        )
        var bytes = [UInt8](repeating: 0, count: ChargeLeaf.byteCount)
        var room = bytes.mutableSpan
        var writer = ByteWriter(&room)
        do {
            try leaf.write(to: &writer)
        } catch {
            preconditionFailure("a charge leaf has its size")
        }
        return bytes
    }

    /// An inclusion proof in the tree of the first `size` leaves, by the definition of RFC 6962.
    func proof(_ index: Int, size: Int) -> [[UInt8]] {
        Self.path(index, leaves.prefix(size).map(Self.hash))
    }

    private static func path(_ index: Int, _ hashes: [[UInt8]]) -> [[UInt8]] {
        guard hashes.count > 1 else { return [] }
        let split = split(hashes.count)
        let left = Array(hashes.prefix(split))
        let right = Array(hashes.dropFirst(split))
        return index < split
            ? path(index, left) + [root(right)] : path(index - split, right) + [root(left)]
    }

    private static func root(_ hashes: [[UInt8]]) -> [UInt8] {
        guard hashes.count > 1 else { return hashes[0] }
        let split = split(hashes.count)
        let both = [1] + root(Array(hashes.prefix(split))) + root(Array(hashes.dropFirst(split)))
        return SHA256.hash(both.span).span.array
    }

    private static func split(_ count: Int) -> Int {
        var power = 1
        while power * 2 < count { power *= 2 }
        return power
    }
}

extension TestLog {
    /// A release of requests whose decisions are the newest leaves, each with its charge, in this
    /// order.
    func release(_ requests: [(TestRequest, UInt16)]) throws -> [UInt8] {
        var payload = little(UInt32(newHashes.count)) + newHashes.flatMap(\.self)
        payload += little(UInt16(requests.count))
        let first = leaves.count - shownCount - 2 * requests.count
        for (place, (request, slot)) in requests.enumerated() {
            let offset = first + 2 * place
            payload += request.newEntry(
                slot: slot,
                offset: offset,
                charge: leaves[shownCount + offset + 1]
            )
        }
        return payload
    }

    /// A release by mode 2: no new leaves, the decision at `index` proven to be in the tree.
    func retry(_ request: TestRequest, slot: UInt16, index: Int, leaf: [UInt8]? = nil) -> [UInt8] {
        little(UInt32(0)) + little(UInt16(1))
            + request.retryEntry(
                slot: slot,
                index: index,
                leaf: leaf ?? leaves[index],
                proof: proof(index, size: leaves.count),
                charge: index + 1 < leaves.count ? leaves[index + 1] : [],
                chargeProof: index + 1 < leaves.count ? proof(index + 1, size: leaves.count) : []
            )
    }
}
