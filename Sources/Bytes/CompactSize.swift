/// The widths of Bitcoin's variable-length number: 1, 3, 5 or 9 bytes.
package enum CompactSize {
    /// The bytes that the canonical form of `value` takes.
    package static func width(of value: UInt64) -> Int {
        switch value {
        case 0...0xFC: 1
        case 0xFD...0xFFFF: 3
        case 0x1_0000...0xFFFF_FFFF: 5
        default: 9
        }
    }

    /// The bytes that a form beginning with `first` takes, that one included.
    package static func width(first: UInt8) -> Int {
        switch first {
        case 0xFD: 3
        case 0xFE: 5
        case 0xFF: 9
        default: 1
        }
    }
}

extension ByteReader {
    /// Bitcoin's variable-length number; a longer form than needed is refused.
    package mutating func readCompactSize() throws(ByteError) -> UInt64 {
        let start = position
        let first = try readUInt8()
        let width = CompactSize.width(first: first)
        guard width > 1 else { return UInt64(first) }
        guard remaining >= width - 1 else {
            position = start
            throw .truncated(needed: width, left: remaining)
        }
        let value = bytes.number(at: try advance(width - 1), byteCount: width - 1)
        guard CompactSize.width(of: value) == width else {
            position = start
            throw .nonCanonical
        }
        return value
    }
}
