package import Bytes

/// A refusal with the numbers that explain it: `u16 code | u32 index | u64 expected | u64 found`.
/// `code` is 0 for no refusal; codes 200…299 are the policy's. `index` is the input, output,
/// parent, rule or limit that it is about.
package struct RefusalDetail: Error, Equatable, Sendable {
    package static let byteCount = 22
    package static let none = RefusalDetail(rawCode: 0)

    package let code: UInt16
    package let index: UInt32
    package let expected: UInt64
    package let found: UInt64

    package init(rawCode: UInt16, index: UInt32 = 0, expected: UInt64 = 0, found: UInt64 = 0) {
        code = rawCode
        self.index = index
        self.expected = expected
        self.found = found
    }

    /// The numbers are of any integer type and not negative.
    package init(
        _ refusal: Refusal,
        index: Int = 0,
        expected: some BinaryInteger = UInt64(0),
        found: some BinaryInteger = UInt64(0)
    ) {
        code = refusal.rawValue
        self.index = UInt32(index)
        self.expected = UInt64(expected)
        self.found = UInt64(found)
    }

    package init(reading reader: inout ByteReader) throws(ByteError) {
        code = try reader.readUInt16()
        index = try reader.readUInt32()
        expected = try reader.readUInt64()
        found = try reader.readUInt64()
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt16(code)
        try writer.writeUInt32(index)
        try writer.writeUInt64(expected)
        try writer.writeUInt64(found)
    }
}

/// Refuses where a condition does not hold.
package func require(
    _ condition: Bool,
    else refusal: Refusal,
    at index: Int = 0,
    expected: some BinaryInteger = UInt64(0),
    found: some BinaryInteger = UInt64(0)
) throws(RefusalDetail) {
    guard condition else {
        throw RefusalDetail(refusal, index: index, expected: expected, found: found)
    }
}

/// Refuses a number that is not the one expected.
package func require<Found: BinaryInteger, Expected: BinaryInteger>(
    _ found: Found,
    equals expected: Expected,
    else refusal: Refusal,
    at index: Int = 0
) throws(RefusalDetail) {
    try require(found == expected, else: refusal, at: index, expected: expected, found: found)
}

/// Refuses a number over a limit.
package func require<Found: BinaryInteger, Limit: BinaryInteger>(
    _ found: Found,
    atMost limit: Limit,
    else refusal: Refusal,
    at index: Int = 0
) throws(RefusalDetail) {
    try require(found <= limit, else: refusal, at: index, expected: limit, found: found)
}

/// Refuses a number under a limit.
package func require<Found: BinaryInteger, Limit: BinaryInteger>(
    _ found: Found,
    atLeast limit: Limit,
    else refusal: Refusal,
    at index: Int = 0
) throws(RefusalDetail) {
    try require(found >= limit, else: refusal, at: index, expected: limit, found: found)
}
