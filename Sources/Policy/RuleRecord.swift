/// What a matching rule does.
package enum RuleEffect: UInt8, Equatable, Sendable {
    case allow = 1
    case deny = 2
    /// Allow as well what is signed with other sighash types than ALL and DEFAULT.
    case allowSighashes = 3
    /// It is about messages, and about nothing else: see `MessageRuleRecord`.
    case allowMessages = 4
    /// Allow what all of its conditions hold for: see `ConditionRecord`.
    case allowConditions = 5
    /// Deny what all of its conditions may hold for.
    case denyConditions = 6
}

/// One rule of a checked bundle, read in place.
package struct RuleRecord: ~Escapable {
    /// What a cap holds in the bundle when there is none.
    package static let noCap = UInt64.max
    /// The bytes of a record after its name, the sighash types of effect 3 not counted.
    static let byteCount = 42

    /// Where fields of a rule about payments stand behind its name.
    enum Offset {
        static let outflowMax = 9
        static let feeMax = 17
        static let feerateMax = 25
        static let lists = 34
    }

    let bytes: Span<UInt8>
    let start: Int
    let fields: Int

    @_lifetime(copy bytes)
    @inline(__always)
    init(_ bytes: Span<UInt8>, at start: Int) {
        self.bytes = bytes
        self.start = start
        fields = start &+ 1 &+ Int(bytes[start])
    }

    /// What all effects have behind the name: `u8 effect | u64 wallets`, and two bytes more, which
    /// are the length of the conditions of effects 5 and 6. Bounds-checked as one.
    @inline(__always)
    var head: Span<UInt8> {
        @_lifetime(copy self) get { bytes.record(at: fields, byteCount: 11) }
    }

    @inline(__always)
    var end: Int {
        // Two of six effects have no more than this; the hot walk over the rules asks once.
        effectCode <= RuleEffect.deny.rawValue ? fields &+ Self.byteCount : longEnd
    }
    @inline(__always)
    private var longEnd: Int {
        if hasConditions { return conditionsEnd }
        return isAboutMessages ? message.end : fields &+ Self.byteCount &+ 1
    }
    /// Whether it is a rule about messages, which no payment ever matches.
    @inline(__always)
    package var isAboutMessages: Bool { effectCode == RuleEffect.allowMessages.rawValue }
    @inline(__always)
    var effectCode: UInt8 { head[0] }
    var destinationsCode: UInt8 { bytes[fields + 33] }

    /// What a match does.
    package var effect: RuleEffect {
        guard let effect = RuleEffect(rawValue: effectCode) else {
            preconditionFailure("an effect that the checker knew")
        }
        return effect
    }

    /// Whether it allows payments.
    @inline(__always)
    package var allowsPayments: Bool {
        effectCode == RuleEffect.allow.rawValue
            || effectCode == RuleEffect.allowSighashes.rawValue
            || effectCode == RuleEffect.allowConditions.rawValue
    }

    /// Whether a match denies.
    @inline(__always)
    package var isDeny: Bool {
        effectCode == RuleEffect.deny.rawValue || effectCode == RuleEffect.denyConditions.rawValue
    }

    /// The sighash types beside ALL and DEFAULT that an allow rule permits, or that a deny rule is
    /// about (`SighashPermission`).
    @inline(__always)
    package var sighashes: UInt8 {
        if hasConditions { return UInt8(truncatingIfNeeded: mask(of: .sighashes)) }
        return effectCode == RuleEffect.allowSighashes.rawValue
            ? bytes[fields + Self.byteCount] : 0
    }

    /// What a rule about messages says after its wallets.
    package var message: MessageRuleRecord {
        @_lifetime(copy self) get { MessageRuleRecord(bytes, at: fields + 9) }
    }

    /// The wallets the rule is about: bit n for wallet n.
    @inline(__always)
    package var wallets: UInt64 { head.field64(at: 1) }

    /// The most satoshi that may leave, fee included, or `noCap`.
    package var outflowMax: UInt64 { most(.outflow, at: Offset.outflowMax) }

    /// The most satoshi of fee, or `noCap`.
    package var feeMax: UInt64 { most(.fee, at: Offset.feeMax) }

    /// The most satoshi of fee for 1,000 virtual bytes, or `noCap`.
    package var feerateMax: UInt64 { most(.feerate, at: Offset.feerateMax) }

    private func most(_ fact: NumericFact, at offset: Int) -> UInt64 {
        hasConditions ? rangeOfConditions(fact).most : bytes.littleEndian64(at: fields + offset)
    }

    /// The destination lists the rule is about: bit n for list n; none for any destination.
    @inline(__always)
    package var lists: UInt64 {
        hasConditions ? listsOfConditions : bytes.littleEndian64(at: fields + Offset.lists)
    }
}
