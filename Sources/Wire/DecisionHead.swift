package import Bytes

/// What the signer decided on a request.
package enum LeafVerdict: UInt8, Equatable, Sendable {
    case allow = 1
    case refuse = 2
    case needsApproval = 3
}

/// The first part of every decision, whatever was found out about the request.
package struct DecisionHead: Equatable, Sendable {
    package let salt: Bytes16
    package let verdict: LeafVerdict
    /// Zero unless refused.
    package let refusal: RefusalDetail
    package let digest: Bytes32
    package let bundleHash: Bytes32
    package let network: UInt8

    package init(
        salt: Bytes16,
        verdict: LeafVerdict,
        refusal: RefusalDetail,
        digest: Bytes32,
        bundleHash: Bytes32,
        network: UInt8
    ) {
        self.salt = salt
        self.verdict = verdict
        self.refusal = refusal
        self.digest = digest
        self.bundleHash = bundleHash
        self.network = network
    }

    init(reading reader: inout ByteReader) throws(ByteError) {
        let header = try LeafHeader(reading: &reader)
        guard header.kind == .decision,
            let verdict = LeafVerdict(rawValue: try reader.readUInt8())
        else { throw .nonCanonical }
        salt = header.salt
        self.verdict = verdict
        refusal = try RefusalDetail(reading: &reader)
        digest = try reader.readBytes32()
        bundleHash = try reader.readBytes32()
        network = try reader.readUInt8()
    }

    /// Writes the head; the bits of `DecisionFacts`, the facts and the tag follow it.
    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try LeafHeader(kind: .decision, salt: salt).write(to: &writer)
        try writer.writeUInt8(verdict.rawValue)
        try refusal.write(to: &writer)
        try writer.write(digest)
        try writer.write(bundleHash)
        try writer.writeUInt8(network)
    }
}

/// The byte before the facts of a decision.
package enum DecisionBits {
    /// Facts follow.
    package static let factsFollow: UInt8 = 1
    /// The amount of every input was checked against its parent. Clear where all
    /// inputs are taproot and not all parents were given; the signatures commit to the amounts.
    package static let amountsChecked: UInt8 = 2
    /// Before the facts stands a byte with the sighash types beside ALL and DEFAULT; outflow and
    /// fee are then the most that can leave.
    package static let sighashesFollow: UInt8 = 4
    /// All that there are (`SighashPermission`).
    package static let sighashesMax: UInt8 = 31
    /// The facts are those of a message.
    package static let message: UInt8 = 8
    /// Before the facts stands what the payment replaces (`ReplacedPayment`). Never with sighash
    /// types or a message.
    package static let replacementFollows: UInt8 = 16
    /// Before the facts, and behind what else stands there, stands what rules of conditions ask
    /// (`AskedFacts`): under a bundle that has such, and under no other.
    package static let askedFollows: UInt8 = 32
    /// Of the facts up to the destinations.
    package static let factsByteCount = 164
}

/// A decision leaf as the signer takes it back: its head, and what its tag authenticates. Of what
/// stands in between only the rules are looked for, since nobody but the signer can have tagged it.
package struct TaggedDecision: ~Escapable {
    package let head: DecisionHead
    package let untagged: Span<UInt8>
    package let tag: Bytes32

    @_lifetime(copy bytes)
    package init(reading bytes: Span<UInt8>) throws(ByteError) {
        var reader = ByteReader(bytes)
        head = try DecisionHead(reading: &reader)
        let end = bytes.count - 32
        guard reader.position <= end else { throw .truncated(needed: 32, left: reader.remaining) }
        untagged = bytes.extracting(..<end)
        tag = Bytes32(copying: bytes.extracting(end...))
    }

    /// Whether a rule is among those that matched, as the leaf lists them.
    package func lists(rule: UInt16) -> Bool {
        var reader = ByteReader(untagged)
        do throws(ByteError) {
            _ = try DecisionHead(reading: &reader)
            let bits = try reader.readUInt8()
            guard bits & DecisionBits.factsFollow != 0 else { return false }
            if bits & DecisionBits.sighashesFollow != 0 { _ = try reader.readUInt8() }
            if bits & DecisionBits.replacementFollows != 0 {
                _ = try reader.readSpan(ReplacedPayment.byteCount)
            }
            if bits & DecisionBits.askedFollows != 0 {
                _ = try reader.readSpan(AskedFacts.byteCount)
            }
            if bits & DecisionBits.message != 0 {
                _ = try MessageLeafFacts(reading: &reader)
            } else {
                try Self.skipPayment(&reader)
            }
            for _ in 0..<(try reader.readUInt16()) {
                if try reader.readUInt16() == rule { return true }
                _ = try reader.readSpan(LeafCharge.byteCount * Int(try reader.readUInt8()))
            }
        } catch {
            // Nothing that the signer wrote ends before its rules.
        }
        return false
    }
}

extension TaggedDecision {
    /// Passes over the facts of a payment and its destinations.
    private static func skipPayment(_ reader: inout ByteReader) throws(ByteError) {
        _ = try reader.readSpan(DecisionBits.factsByteCount)
        for _ in 0..<(try reader.readUInt16()) {
            _ = try reader.readUInt64()
            _ = try reader.readVec16()
        }
    }
}

/// A limit, by its place in the bundle, and the satoshi to charge to it.
package struct LeafCharge: Equatable, Sendable {
    package static let byteCount = 10

    package let limit: UInt16
    package let amount: UInt64

    package init(limit: UInt16, amount: UInt64) {
        self.limit = limit
        self.amount = amount
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt16(limit)
        try writer.writeUInt64(amount)
    }
}
