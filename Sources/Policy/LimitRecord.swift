/// One limit of a checked bundle: at most so much and so often in any window of that length.
package struct LimitRecord: ~Escapable {
    /// What `amountMax` and `countMax` hold in the bundle when there is no such cap.
    static let noAmount = UInt64.max
    static let noCount = UInt32.max
    /// The bytes of a record after its name.
    static let byteCount = 19

    private let bytes: Span<UInt8>
    private let start: Int
    private let fields: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, at start: Int) {
        self.bytes = bytes
        self.start = start
        fields = start + 1 + Int(bytes[start])
    }

    var end: Int { fields + Self.byteCount }
    /// Scope and index in one number that sorts as the bundle does.
    var scopeKey: UInt32 { UInt32(bytes[fields]) << 16 | UInt32(scopeIndex) }
    var scopeIndex: UInt16 { bytes.littleEndian16(at: fields + 1) }

    /// The name of the limit, UTF-8, 1 to 255 bytes.
    package var name: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting((start + 1)..<fields) }
    }

    /// The length of the sliding window in seconds, at least 1.
    package var windowSeconds: UInt32 { bytes.littleEndian32(at: fields + 3) }

    /// The most satoshi in any window, or nil when only transactions are counted.
    package var amountMax: UInt64? {
        let amount = bytes.littleEndian64(at: fields + 7)
        return amount == Self.noAmount ? nil : amount
    }

    /// The most transactions in any window, or nil when only amounts are counted.
    package var countMax: UInt32? {
        let count = bytes.littleEndian32(at: fields + 15)
        return count == Self.noCount ? nil : count
    }
}
