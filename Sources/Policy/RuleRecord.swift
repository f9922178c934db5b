/// What a matching rule does.
package enum RuleEffect: UInt8, Equatable, Sendable {
    case allow = 1
    case deny = 2
    /// It is about messages, and about nothing else: see `MessageRuleRecord`.
    case allowMessages = 4
}

/// One rule of a checked bundle, read in place.
package struct RuleRecord: ~Escapable {
    /// What a cap holds in the bundle when there is none.
    package static let noCap = UInt64.max
    /// The bytes of a record after its name.
    static let byteCount = 42

    let bytes: Span<UInt8>
    let start: Int
    let fields: Int

    @_lifetime(copy bytes)
    @inline(__always)
    init(_ bytes: Span<UInt8>, at start: Int) {
        self.bytes = bytes
        self.start = start
        fields = start + 1 + Int(bytes[start])
    }

    @inline(__always)
    var end: Int { isAboutMessages ? message.end : fields + Self.byteCount }
    /// Whether it is a rule about messages, which no payment ever matches.
    @inline(__always)
    package var isAboutMessages: Bool { effectCode == RuleEffect.allowMessages.rawValue }
    @inline(__always)
    var effectCode: UInt8 { bytes[fields] }
    var destinationsCode: UInt8 { bytes[fields + 33] }

    /// Whether a match allows or denies.
    @inline(__always)
    package var effect: RuleEffect {
        if isAboutMessages { return .allowMessages }
        return effectCode == RuleEffect.deny.rawValue ? .deny : .allow
    }

    /// What a rule about messages says after its wallets.
    package var message: MessageRuleRecord {
        @_lifetime(copy self) get { MessageRuleRecord(bytes, at: fields + 9) }
    }

    /// The wallets the rule is about: bit n for wallet n.
    @inline(__always)
    package var wallets: UInt64 { bytes.littleEndian64(at: fields + 1) }

    /// The most satoshi that may leave, fee included, or `noCap`.
    @inline(__always)
    package var outflowMax: UInt64 { bytes.littleEndian64(at: fields + 9) }

    /// The most satoshi of fee, or `noCap`.
    @inline(__always)
    package var feeMax: UInt64 { bytes.littleEndian64(at: fields + 17) }

    /// The most satoshi of fee for 1,000 virtual bytes, or `noCap`.
    @inline(__always)
    package var feerateMax: UInt64 { bytes.littleEndian64(at: fields + 25) }

    /// The destination lists the rule is about: bit n for list n; none for any destination.
    @inline(__always)
    package var lists: UInt64 { bytes.littleEndian64(at: fields + 34) }
}
