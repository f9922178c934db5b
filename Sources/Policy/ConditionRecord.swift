/// What a condition of a rule is about (protocol.md, section 4).
package enum ConditionKind: UInt8, Equatable, Sendable {
    case range = 1
    case destinations = 2
    case sighashes = 3
    case scripts = 4
    case lockTime = 5
    case replaceable = 6
    case replacement = 7
    case requesters = 8
    case times = 9
    /// Whose approvals it needs: never held by what the facts say.
    case approvals = 11
}

/// A number that a range is about, by its code in the bundle.
package enum NumericFact: UInt8, Equatable, Sendable {
    /// Satoshi that leave, the fee included.
    case outflow = 1
    /// Satoshi of fee.
    case fee = 2
    /// Satoshi of fee for 1,000 virtual bytes.
    case feerate = 3
    /// Satoshi of the largest output that is not ours; 0 if there is none.
    case largest = 4
    case inputs = 5
    case outputs = 6
    /// Millionths of the sum of the outputs that come back to us.
    case ownShare = 7
}

/// One condition of a rule, read in place.
package struct ConditionRecord: ~Escapable {
    /// The bytes of a range: `u8 kind | u8 fact | u64 least | u64 most`.
    static let rangeByteCount = 18
    static let requesterCountMax = 64
    static let spanCountMax = 28
    /// The bytes of one span of time: `u8 days | u16 first minute | u16 last minute`.
    static let spanByteCount = 5

    let bytes: Span<UInt8>
    let start: Int

    @_lifetime(copy bytes)
    @inline(__always)
    init(_ bytes: Span<UInt8>, at start: Int) {
        self.bytes = bytes
        self.start = start
    }

    @inline(__always)
    var kindCode: UInt8 { bytes[start] }

    /// What it is about.
    package var kind: ConditionKind {
        guard let kind = ConditionKind(rawValue: kindCode) else {
            preconditionFailure("a condition that the checker knew")
        }
        return kind
    }

    var end: Int {
        switch kind {
        case .range: start + Self.rangeByteCount
        case .destinations: start + 9
        case .sighashes, .lockTime, .replaceable, .replacement: start + 2
        case .scripts: start + 3
        case .requesters: start + 2 + 4 * count
        case .times: start + 3 + Self.spanByteCount * count
        case .approvals: start + 11 + 2 * count
        }
    }

    /// Of a range: the code of its fact.
    @inline(__always)
    package var fact: UInt8 { bytes[start + 1] }
    @inline(__always)
    package var least: UInt64 { bytes.littleEndian64(at: start + 2) }
    @inline(__always)
    package var most: UInt64 { bytes.littleEndian64(at: start + 10) }

    /// Of destinations: the lists, bit n for list n.
    @inline(__always)
    package var lists: UInt64 { bytes.littleEndian64(at: start + 1) }

    /// Of sighash types, kinds of script, locks, signals and replacements: the set as bits.
    package var mask: UInt16 {
        kindCode == ConditionKind.scripts.rawValue
            ? bytes.littleEndian16(at: start + 1) : UInt16(bytes[start + 1])
    }

    /// The number of requesters, of spans of time, or of quorums.
    package var count: Int {
        Int(bytes[kindCode == ConditionKind.times.rawValue ? start + 2 : start + 1])
    }

    /// Requester `index`, in ascending order.
    @inline(__always)
    package func requester(at index: Int) -> UInt32 {
        bytes.littleEndian32(at: start + 2 + 4 * index)
    }

    /// Of times: the place of the zone in the bundle.
    @inline(__always)
    package var zone: Int { Int(bytes[start + 1]) }

    /// Span `index`, in ascending order.
    @inline(__always)
    package func span(at index: Int) -> TimeSpan {
        let place = start + 3 + Self.spanByteCount * index
        return TimeSpan(
            days: bytes[place],
            first: bytes.littleEndian16(at: place + 1),
            last: bytes.littleEndian16(at: place + 3)
        )
    }
}

/// Minutes of some days of the week, from the first to the last, both included.
package struct TimeSpan: Equatable, Sendable {
    static let minutesOfDay: UInt16 = 1_440

    /// Bit 0 for Monday.
    package let days: UInt8
    package let first: UInt16
    package let last: UInt16

    package init(days: UInt8, first: UInt16, last: UInt16) {
        self.days = days
        self.first = first
        self.last = last
    }

    func precedes(_ other: TimeSpan) -> Bool {
        if days != other.days { return days < other.days }
        return first != other.first ? first < other.first : last < other.last
    }
}

/// A rule of conditions: effects 5 and 6.
extension RuleRecord {
    /// The bytes between the name and the conditions: effect, wallets, `u16 byteCount`.
    static let conditionsOffset = 11

    @inline(__always)
    package var hasConditions: Bool {
        effectCode == RuleEffect.allowConditions.rawValue
            || effectCode == RuleEffect.denyConditions.rawValue
    }

    @inline(__always)
    var conditionsStart: Int { fields &+ Self.conditionsOffset }
    @inline(__always)
    var conditionsEnd: Int { conditionsStart &+ Int(head.field16(at: 9)) }

    /// The conditions as they stand in the bundle.
    package var conditions: ConditionWalk {
        @_lifetime(copy self) get {
            ConditionWalk(bytes, from: conditionsStart, to: hasConditions ? conditionsEnd : 0)
        }
    }

    /// The mask of the condition of one kind, or 0 where there is none.
    func mask(of kind: ConditionKind) -> UInt16 {
        var walk = conditions
        while let condition = walk.next() {
            if condition.kind == kind { return condition.mask }
        }
        return 0
    }

    /// The range of one fact, or all there is where the rule says nothing of it.
    func rangeOfConditions(_ fact: NumericFact) -> FactRange {
        var walk = conditions
        while let condition = walk.next() {
            if condition.kind == .range, condition.fact == fact.rawValue {
                return FactRange(least: condition.least, most: condition.most)
            }
        }
        return .unknown
    }

    /// The lists of the condition about destinations, or none.
    var listsOfConditions: UInt64 {
        var walk = conditions
        while let condition = walk.next() {
            if condition.kind == .destinations { return condition.lists }
        }
        return 0
    }
}

/// A walk over conditions in their order: by kind, ranges by fact.
package struct ConditionWalk: ~Escapable {
    private let bytes: Span<UInt8>
    private var place: Int
    private let end: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, from place: Int, to end: Int) {
        self.bytes = bytes
        self.place = place
        self.end = end
    }

    @_lifetime(copy self)
    package mutating func next() -> ConditionRecord? {
        guard place < end else { return nil }
        let condition = ConditionRecord(bytes, at: place)
        place = condition.end
        return condition
    }
}
