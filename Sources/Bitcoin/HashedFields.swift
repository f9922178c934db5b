import BitcoinCrypto
import Bytes

/// A hash that can be fed the fields of a transaction, as they are serialized.
protocol FieldHash {
    mutating func update(_ bytes: Span<UInt8>)
    mutating func update<let size: Int>(_ bytes: FixedBytes<size>)
}

extension SHA256: FieldHash {}
extension TaggedHash: FieldHash {}

extension FieldHash {
    /// The first `count` bytes of a number, least significant first.
    mutating func update(number value: UInt64, count: Int) {
        var bytes = FixedBytes<8>.zero
        var room = bytes.mutableSpan
        room.store(value, at: 0, byteCount: count)
        update(bytes.span.extracting(0..<count))
    }

    mutating func update(_ value: UInt8) {
        update(number: UInt64(value), count: 1)
    }

    mutating func update(_ value: UInt32) {
        update(number: UInt64(value), count: 4)
    }

    mutating func update(_ value: UInt64) {
        update(number: value, count: 8)
    }

    mutating func updateCompactSize(_ value: UInt64) {
        let width = CompactSize.width(of: value)
        guard width > 1 else { return update(number: value, count: 1) }
        update(number: width == 3 ? 0xfd : width == 5 ? 0xfe : 0xff, count: 1)
        update(number: value, count: width - 1)
    }

    /// A CompactSize length and the bytes.
    mutating func updateVector(_ bytes: Span<UInt8>) {
        updateCompactSize(UInt64(bytes.count))
        update(bytes)
    }
}
