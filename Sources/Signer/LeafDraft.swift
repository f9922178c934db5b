import BitcoinCrypto
import Bytes
import Policy
import SecretMemory
import Wire

/// A leaf that is being built, in memory of its own; what does not fit marks it, and it is never
/// used.
struct LeafDraft: ~Copyable {
    private static let tagDomain: StaticString = "portcullis/leaf/1"
    private static let saltDomain: StaticString = "portcullis/salt/1"

    private var memory: Arena
    private var count = 0
    private(set) var isTooLarge = false
    private var ruleCount: UInt16 = 0
    private var rulesStart = 0
    private var chargeCount = 0
    private var chargesStart = 0

    init() throws(SignerStop) {
        memory = try Arena(needing: LeafKind.leafByteCountMax)
    }

    /// The leaf so far.
    var bytes: Span<UInt8> {
        @_lifetime(borrow self) get { memory.bytes.extracting(0..<count) }
    }

    /// Begins again.
    mutating func reset() {
        count = 0
        isTooLarge = false
    }

    /// Appends what `body` writes, or marks the leaf as too large.
    mutating func append(_ body: (inout ByteWriter) throws(ByteError) -> Void) {
        guard !isTooLarge else { return }
        do throws(ByteError) {
            count += try Self.write(body, into: &memory, at: count)
        } catch {
            isTooLarge = true
        }
    }

    private static func write(
        _ body: (inout ByteWriter) throws(ByteError) -> Void,
        into memory: inout Arena,
        at place: Int
    ) throws(ByteError) -> Int {
        var room = memory.mutableBytes._consumingExtracting(place...)
        var writer = ByteWriter(&room)
        try body(&writer)
        return writer.count
    }

    /// Writes another head, which has the same length, over the first.
    mutating func replaceHead(_ head: DecisionHead) {
        guard !isTooLarge else { return }
        var room = memory.mutableBytes
        _ = room.write { writer throws(ByteError) in try head.write(to: &writer) }
    }

    /// Appends the code that proves the leaf to be the signer's.
    mutating func tag(leafKey: Span<UInt8>) {
        let tag = Self.tag(of: bytes, leafKey: leafKey)
        append { writer throws(ByteError) in try writer.write(tag) }
    }

    /// The tag over the bytes before it.
    static func tag(of untagged: Span<UInt8>, leafKey: Span<UInt8>) -> Bytes32 {
        HMACSHA256.authenticate(key: leafKey, domain: tagDomain, message: untagged)
    }

    /// A salt that nobody without the leaf key can tell, and that is the same for the same
    /// decision.
    static func salt(
        _ kind: LeafKind,
        digest: Bytes32,
        bundleHash: Bytes32,
        verdict: UInt8,
        code: UInt16,
        leafKey: Span<UInt8>
    ) -> Bytes16 {
        var message = FixedBytes<68>.zero
        var room = message.mutableSpan
        room.store(UInt64(kind.rawValue), at: 0, byteCount: 1)
        room.store(digest.span, at: 1)
        room.store(bundleHash.span, at: 33)
        room.store(UInt64(verdict), at: 65, byteCount: 1)
        room.store(UInt64(code), at: 66, byteCount: 2)
        let code = HMACSHA256.authenticate(key: leafKey, domain: saltDomain, message: message.span)
        return Bytes16(copying: code.span.extracting(0..<16))
    }
}

/// The rules that matched and the limits to charge, in the form of a decision leaf.
extension LeafDraft: EvaluationSink {
    /// Begins the list of rules; nothing else may be appended until `endRules`.
    mutating func beginRules() {
        ruleCount = 0
        rulesStart = count
        chargesStart = 0
        append { writer throws(ByteError) in try writer.writeUInt16(0) }
    }

    mutating func matched(rule: UInt16) {
        closeCharges()
        ruleCount += 1
        append { writer throws(ByteError) in try writer.writeUInt16(rule) }
        openCharges()
    }

    mutating func beginCommonCharges() {
        endRules()
        openCharges()
    }

    mutating func charge(limit: UInt16, amount: UInt64) {
        guard chargeCount < 0xFF else {
            isTooLarge = true
            return
        }
        chargeCount += 1
        append { writer throws(ByteError) in
            try LeafCharge(limit: limit, amount: amount).write(to: &writer)
        }
    }

    /// Ends the charges that were begun last.
    mutating func closeCharges() {
        guard chargesStart > 0, !isTooLarge else { return }
        memory.store(UInt64(chargeCount), at: chargesStart, byteCount: 1)
        chargesStart = 0
    }

    /// Ends the list of rules, which may be empty.
    private mutating func endRules() {
        closeCharges()
        guard !isTooLarge else { return }
        memory.store(UInt64(ruleCount), at: rulesStart, byteCount: 2)
    }

    private mutating func openCharges() {
        chargeCount = 0
        chargesStart = count
        append { writer throws(ByteError) in try writer.writeUInt8(0) }
    }
}

/// Looks for one rule among those that match.
struct RuleSearch: EvaluationSink {
    let rule: UInt16
    private(set) var isMatching = false

    /// Of the rule that a charge leaf names; nobody asks where it is no charge leaf.
    init(of charge: Span<UInt8>) {
        do throws(ByteError) {
            rule = try ChargeLeaf(reading: charge).rule
        } catch {
            rule = ChargeLeaf.none
        }
    }

    mutating func matched(rule: UInt16) {
        isMatching = isMatching || rule == self.rule
    }

    mutating func beginCommonCharges() {}

    mutating func charge(limit: UInt16, amount: UInt64) {}
}
