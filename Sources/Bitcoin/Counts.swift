package import Bytes

extension ByteReader {
    /// A count of items of at least `itemByteCountMin` bytes each. More than could still follow are
    /// refused at once, so that a count never makes a caller reserve what was not sent.
    package mutating func readCount(itemByteCountMin: Int) throws(ByteError) -> Int {
        let value = try readCompactSize()
        guard value <= UInt64(remaining / itemByteCountMin) else {
            let needed = value.multipliedReportingOverflow(by: UInt64(itemByteCountMin))
            let shown = needed.overflow ? Int.max : Int(clamping: needed.partialValue)
            throw .truncated(needed: shown, left: remaining)
        }
        return Int(value)
    }

    /// A length and as many bytes; gives the place where these stand.
    package mutating func readRange() throws(ByteError) -> Range<Int> {
        let count = try readCount(itemByteCountMin: 1)
        let start = position
        _ = try readSpan(count)
        return start..<position
    }
}
