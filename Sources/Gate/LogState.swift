package import Bytes
package import Wire

/// Everything that the gate remembers, made from the leaves of the log alone.
///
/// The same function takes a leaf in while serving and while replaying, so a restart cannot arrive
/// at another state.
package struct LogState {
    package private(set) var limiter: Limiter
    package private(set) var ages = AgeClock()
    /// The index that the next leaf takes.
    package private(set) var nextIndex: UInt64 = 0
    /// Nanoseconds since 1970, as the last leaf with a time had it.
    package private(set) var lastLogTime: UInt64 = 0

    private let bundleHash: Bytes32
    private let limits: [LimitCaps]
    private let lists: DestinationLists
    /// Where the decision of every digest stands that was ever charged.
    private var charged: [HashKey: UInt64] = [:]
    /// A decision that waits for its companion.
    private var pending: Decision?

    package init(
        limits: [LimitCaps],
        lists: DestinationLists = .none,
        bundleHash: Bytes32
    ) {
        limiter = Limiter(limits)
        self.limits = limits
        self.lists = lists
        self.bundleHash = bundleHash
    }

    /// Where the decision stands by which this request was charged, if it was.
    package func chargedIndex(of digest: Bytes32) -> UInt64? {
        charged[HashKey(digest)]
    }

    /// Whether the last leaf needs no other after it.
    package var isSettled: Bool { pending == nil }

    /// Chooses the first rule with room for everything it charges, at a moment of this boot, and
    /// throws what the first rule lacked if there is none.
    package mutating func choose(
        _ decision: Decision,
        group anchor: LeafOutpoint,
        at reading: LeafTime
    ) throws(LimitExceeded) -> UInt16 {
        let now = ages.age(boottime: reading.boottime, bootID: reading.bootID)
        var refusal: LimitExceeded?
        for candidate in decision.candidates {
            do throws(LimitExceeded) {
                try limiter.check(
                    candidate.charges,
                    paying: decision.paying,
                    group: anchor,
                    at: now
                )
                return candidate.rule
            } catch {
                if refusal == nil { refusal = error }
            }
        }
        guard let refusal else { preconditionFailure("an allowed request matches a rule") }
        throw refusal
    }

    /// What is in use of every limit at a moment of this boot.
    package mutating func usage(at reading: ClockReading) -> [LimitUsage] {
        let now = ages.age(boottime: reading.boottime, bootID: reading.bootID)
        return (0..<limiter.limitCount).map { limiter.usage(of: $0, at: now) }
    }

    /// Takes in the next leaf.
    package mutating func take(_ leaf: Span<UInt8>) throws(LeafFault) {
        guard leaf.count > 0 else { throw .empty }
        guard leaf.count <= LeafKind.leafByteCountMax else { throw .tooLong(count: leaf.count) }
        let decision = pending
        pending = nil
        let kind = try Self.kind(of: leaf)
        guard decision == nil || kind == .charge else { throw .decisionWithoutCharge }
        switch kind {
        case .decision:
            pending = try Decision(reading: leaf, limits: limits, lists: lists)
        case .charge:
            guard let decision else { throw .chargeWithoutDecision }
            try take(try Self.charge(leaf), of: decision)
        case .coalescedRefusals:
            _ = try advance(to: try Self.coalesced(leaf))
        case .note:
            _ = try advance(to: try Self.note(leaf))
        case .event:
            // A log that follows a lost one counts every window as spent.
            if try Self.event(leaf) == .recover { limiter.fill(at: ages.latest) }
        }
        nextIndex += 1
    }

    private mutating func take(_ charge: ChargeLeaf, of decision: Decision) throws(LeafFault) {
        guard charge.decisionIndex + 1 == nextIndex else { throw .chargeWithoutDecision }
        let now = try advance(to: charge.time)
        guard charge.outcome == .charged else { return }
        guard decision.head.verdict == .allow, let facts = decision.facts else {
            throw .chargedWithoutFacts
        }
        guard decision.head.bundleHash == bundleHash else { throw .otherBundle }
        guard let candidate = decision.candidates.first(where: { $0.rule == charge.rule }) else {
            throw .ruleNotMatching(charge.rule)
        }
        guard
            charged.updateValue(charge.decisionIndex, forKey: HashKey(decision.head.digest)) == nil
        else { throw .chargedTwice }
        limiter.charge(
            candidate.charges,
            paying: decision.paying,
            group: charge.group,
            outflow: facts.outflow,
            at: now
        )
    }

    /// Moves both clocks on and gives the age.
    private mutating func advance(to time: LeafTime) throws(LeafFault) -> UInt64 {
        guard time.logTime >= lastLogTime else { throw .timeWentBack }
        lastLogTime = time.logTime
        return try ages.advance(boottime: time.boottime, bootID: time.bootID)
    }
}

/// Reading leaves with the gate's own error.
extension LogState {
    private static func kind(of leaf: Span<UInt8>) throws(LeafFault) -> LeafKind {
        var reader = ByteReader(leaf)
        do throws(ByteError) {
            return try LeafHeader(reading: &reader).kind
        } catch {
            throw .malformed(error)
        }
    }

    private static func charge(_ leaf: Span<UInt8>) throws(LeafFault) -> ChargeLeaf {
        do throws(ByteError) {
            return try ChargeLeaf(reading: leaf)
        } catch {
            throw .malformed(error)
        }
    }

    private static func coalesced(_ leaf: Span<UInt8>) throws(LeafFault) -> LeafTime {
        do throws(ByteError) {
            return try CoalescedLeaf(reading: leaf).time
        } catch {
            throw .malformed(error)
        }
    }

    private static func note(_ leaf: Span<UInt8>) throws(LeafFault) -> LeafTime {
        do throws(ByteError) {
            return try NoteLeaf(reading: leaf).time
        } catch {
            throw .malformed(error)
        }
    }

    private static func event(_ leaf: Span<UInt8>) throws(LeafFault) -> SignerEvent {
        do throws(ByteError) {
            return try EventLeaf(reading: leaf).head.event
        } catch {
            throw .malformed(error)
        }
    }
}
