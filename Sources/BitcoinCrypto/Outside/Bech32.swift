package import Bytes

/// Bech32 (BIP-173) and Bech32m (BIP-350): a prefix, the separator 1, data of five bits a
/// character and six characters of checksum, 90 characters at most.
package enum Bech32 {
    /// Which constant the checksum ends in.
    package enum Variant: Sendable {
        /// BIP-173: witness version 0.
        case bech32
        /// BIP-350: witness versions 1 to 16.
        case bech32m

        fileprivate var constant: UInt32 {
            switch self {
            case .bech32: 1
            case .bech32m: 0x2BC8_30A3
            }
        }
    }

    /// What a text consists of; the prefix is its first `prefixCount` characters.
    package struct Parts: Equatable, Sendable {
        package let variant: Variant
        package let prefixCount: Int
        /// The data values, without the checksum.
        package let dataCount: Int
    }

    /// The most characters of a text.
    package static let textCountMax = 90

    /// The most data values of a text, with a prefix of one character.
    package static let dataCountMax = textCountMax - 8

    /// Reads a text of one case, writes its data values, each below 32, to the front of `data`,
    /// and says what it consists of.
    package static func decode(
        _ text: Span<UInt8>,
        into data: inout MutableSpan<UInt8>
    ) throws(CryptoError) -> Parts {
        guard text.count <= textCountMax else {
            throw .tooLong(count: text.count, limit: textCountMax)
        }
        let separator = try findSeparator(text)
        var checksum = Checksum()
        checksum.add(prefix: text.extracting(0..<separator))
        let dataCount = text.count - separator - 7
        guard dataCount <= data.count else { throw .tooLong(count: dataCount, limit: data.count) }
        for index in separator + 1..<text.count {
            guard let value = value(lowered(text[index])) else {
                throw .invalidCharacter(at: index)
            }
            checksum.add(value)
            if index - separator - 1 < dataCount { data[index - separator - 1] = value }
        }
        let variant: Variant
        switch checksum.remainder {
        case Variant.bech32.constant: variant = .bech32
        case Variant.bech32m.constant: variant = .bech32m
        default: throw .wrongChecksum
        }
        return Parts(variant: variant, prefixCount: separator, dataCount: dataCount)
    }

    /// Writes the lower-case text of a lower-case prefix and of data values below 32.
    package static func encode(
        _ variant: Variant,
        prefix: Span<UInt8>,
        data: Span<UInt8>,
        into writer: inout ByteWriter
    ) throws(CryptoError) {
        let count = prefix.count + data.count + 7
        guard count <= textCountMax else { throw .tooLong(count: count, limit: textCountMax) }
        guard prefix.count > 0 else { throw .malformedText }
        for index in prefix.indices {
            let character = prefix[index]
            guard (33...126).contains(character), lowered(character) == character else {
                throw .invalidCharacter(at: index)
            }
        }
        var checksum = Checksum()
        checksum.add(prefix: prefix)
        let room = writer.remaining
        do throws(ByteError) {
            guard count <= room else { throw .full(needed: count, left: room) }
            try writer.write(prefix)
            try writer.writeUInt8(0x31)
            for index in data.indices {
                precondition(data[index] < 32, "a value of five bits")
                checksum.add(data[index])
                try writer.writeUInt8(alphabet.byte(at: Int(data[index])))
            }
            for _ in 0..<6 {
                checksum.add(0)
            }
            let remainder = checksum.remainder ^ variant.constant
            for place in 0..<6 {
                let value = remainder >> UInt32(25 - 5 * place) & 31
                try writer.writeUInt8(alphabet.byte(at: Int(value)))
            }
        } catch {
            throw .tooLong(count: count, limit: room)
        }
    }

    /// The place of the last 1, after checking every character's range and case.
    private static func findSeparator(_ text: Span<UInt8>) throws(CryptoError) -> Int {
        var separator = -1
        var (hasUpper, hasLower) = (false, false)
        for index in text.indices {
            switch text[index] {
            case 0x41...0x5A: hasUpper = true
            case 0x61...0x7A: hasLower = true
            case 0x31: separator = index
            case 33...126: break
            default: throw .invalidCharacter(at: index)
            }
        }
        guard !(hasUpper && hasLower), separator >= 1, text.count - separator >= 7 else {
            throw .malformedText
        }
        return separator
    }

    /// The checksum as far as it has read (BIP-173, "bech32_polymod").
    private struct Checksum {
        var remainder: UInt32 = 1

        mutating func add(_ value: UInt8) {
            let top = remainder >> 25
            remainder = (remainder & 0x1FF_FFFF) << 5 ^ UInt32(value)
            if top & 1 != 0 { remainder ^= 0x3B6A_57B2 }
            if top & 2 != 0 { remainder ^= 0x2650_8E6D }
            if top & 4 != 0 { remainder ^= 0x1EA1_19FA }
            if top & 8 != 0 { remainder ^= 0x3D42_33DD }
            if top & 16 != 0 { remainder ^= 0x2A14_62B3 }
        }

        mutating func add(prefix: Span<UInt8>) {
            for index in prefix.indices {
                add(lowered(prefix[index]) >> 5)
            }
            add(0)
            for index in prefix.indices {
                add(lowered(prefix[index]) & 31)
            }
        }
    }

    private static let alphabet: StaticString = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

    private static func value(_ character: UInt8) -> UInt8? {
        for index in 0..<32 where alphabet.byte(at: index) == character {
            return UInt8(index)
        }
        return nil
    }

    /// The lower-case form of an upper-case letter, anything else unchanged.
    fileprivate static func lowered(_ character: UInt8) -> UInt8 {
        (0x41...0x5A).contains(character) ? character | 0x20 : character
    }
}

/// Segregated witness addresses (BIP-173 with BIP-350).
package enum SegwitAddress {
    /// The longest witness program, in bytes.
    package static let programCountMax = 40

    /// Writes the address of a program. The prefix is that of the network: bc, tb or bcrt.
    package static func encode(
        prefix: Span<UInt8>,
        version: UInt8,
        program: Span<UInt8>,
        into writer: inout ByteWriter
    ) throws(CryptoError) {
        try check(version: version, count: program.count)
        var values = InlineArray<80, UInt8>(repeating: 0)
        values[0] = version
        var count = 1
        var (bits, bitCount): (UInt32, UInt32) = (0, 0)
        for index in program.indices {
            bits = bits << 8 | UInt32(program[index])
            bitCount += 8
            while bitCount >= 5 {
                bitCount -= 5
                values[count] = UInt8(truncatingIfNeeded: bits >> bitCount & 31)
                count += 1
            }
        }
        if bitCount > 0 {
            values[count] = UInt8(truncatingIfNeeded: bits << (5 - bitCount) & 31)
            count += 1
        }
        try Bech32.encode(
            version == 0 ? .bech32 : .bech32m,
            prefix: prefix,
            data: values.span.extracting(0..<count),
            into: &writer
        )
    }

    /// Writes the program of an address with the lower-case `prefix` and gives its version.
    package static func decode(
        _ text: Span<UInt8>,
        prefix: Span<UInt8>,
        into writer: inout ByteWriter
    ) throws(CryptoError) -> UInt8 {
        var values = InlineArray<82, UInt8>(repeating: 0)
        var room = values.mutableSpan
        let parts = try Bech32.decode(text, into: &room)
        guard parts.prefixCount == prefix.count else { throw .wrongPrefix }
        for index in prefix.indices where Bech32.lowered(text[index]) != prefix[index] {
            throw .wrongPrefix
        }
        guard parts.dataCount >= 1 else { throw .malformedText }
        let version = values[0]
        let count = (parts.dataCount - 1) * 5 / 8
        try check(version: version, count: count)
        guard parts.variant == (version == 0 ? .bech32 : .bech32m) else { throw .wrongChecksum }
        try writeProgram(values.span.extracting(1..<parts.dataCount), count, into: &writer)
        return version
    }

    private static func writeProgram(
        _ values: Span<UInt8>,
        _ count: Int,
        into writer: inout ByteWriter
    ) throws(CryptoError) {
        // Fewer than five bits may be left over, and they must be zero.
        let spare = values.count * 5 - count * 8
        guard spare < 5, values[values.count - 1] & (1 << UInt8(spare) - 1) == 0 else {
            throw .malformedText
        }
        guard count <= writer.remaining else {
            throw .tooLong(count: count, limit: writer.remaining)
        }
        var (bits, bitCount): (UInt32, UInt32) = (0, 0)
        for index in values.indices {
            bits = bits << 5 | UInt32(values[index])
            bitCount += 5
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            do {
                try writer.writeUInt8(UInt8(truncatingIfNeeded: bits >> bitCount))
            } catch {
                throw .tooLong(count: count, limit: writer.remaining)
            }
        }
    }

    private static func check(version: UInt8, count: Int) throws(CryptoError) {
        let isGood = version == 0 ? count == 20 || count == 32 : (2...programCountMax) ~= count
        guard version <= 16, isGood else {
            throw .invalidProgram(version: version, count: count)
        }
    }
}
