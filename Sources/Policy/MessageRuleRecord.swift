/// What a rule about messages says after its wallets, read in place.
package struct MessageRuleRecord: ~Escapable {
    /// The most rules about messages in a bundle: each may cost a walk over a message.
    package static let countMax = 64
    /// The bytes of a rule between its name and what follows: effect and wallets.
    static let offset = 9
    /// The bytes before the pattern: `u8 formats | u8 branches | u32 indexMin | u32 indexMax | u8`.
    static let byteCount = 11

    private let bytes: Span<UInt8>
    private let start: Int

    @_lifetime(copy bytes)
    @inline(__always)
    init(_ bytes: Span<UInt8>, at start: Int) {
        self.bytes = bytes
        self.start = start
    }

    @inline(__always)
    var end: Int { start + Self.byteCount + Int(bytes[start + 10]) }

    /// The formats that may be signed: `MessageFormat.bit`s.
    package var formats: UInt8 { bytes[start] }
    /// The branches whose addresses may sign: bit n for branch n.
    package var branches: UInt8 { bytes[start + 1] }
    package var indexMin: UInt32 { bytes.littleEndian32(at: start + 2) }
    package var indexMax: UInt32 { bytes.littleEndian32(at: start + 6) }

    /// What the text must match, as `TextPattern` takes it.
    package var pattern: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting((start + Self.byteCount)..<end) }
    }
}

/// The rules about messages of a bundle.
extension BundleChecker {
    /// Steps over what follows the wallets.
    mutating func skipMessageFields() throws(BundleError) {
        let start = try cursor.skip(MessageRuleRecord.byteCount)
        _ = try cursor.skip(Int(cursor.bytes[start + 10]))
    }

    func checkMessages(
        of rule: MessageRuleRecord,
        _ item: Int,
        count: Int
    ) throws(BundleError) {
        let limit = MessageRuleRecord.countMax
        try require(count <= limit, .tooManyMessageRules(item: item, limit: limit))
        guard rule.formats != 0, rule.formats <= 7 else {
            throw .unknownFormats(item: item, found: rule.formats)
        }
        try require(rule.branches != 0, .noBranches(item: item))
        let isOrdered = rule.indexMin <= rule.indexMax && rule.indexMax < 1 << 31
        try require(isOrdered, .wrongIndexes(item: item))
        try require(TextPattern.isPattern(rule.pattern), .badPattern(item: item))
    }
}
