private import Bytes

/// Base58, and Base58Check with its four bytes of checksum, as Bitcoin has them.
///
/// Both directions work inside the caller's memory and nowhere else, so that private keys can pass.
package enum Base58 {
    /// The longest byte string of either direction, checksum included.
    package static let countMax = 260

    /// Characters enough for the text of `count` bytes: log(256) / log(58) is less than 1.38.
    package static func textCountMax(_ count: Int) -> Int { count * 138 / 100 + 1 }

    /// Writes the text of `bytes` to the front of `text` and gives its length.
    package static func encode(
        _ bytes: Span<UInt8>,
        into text: inout MutableSpan<UInt8>
    ) throws(CryptoError) -> Int {
        try encode(bytes, Span(), into: &text)
    }

    /// Writes the bytes of `text` to the front of `bytes` and gives their number. What follows them
    /// is unchanged. White space is refused.
    package static func decode(
        _ text: Span<UInt8>,
        into bytes: inout MutableSpan<UInt8>
    ) throws(CryptoError) -> Int {
        let limit = textCountMax(countMax)
        guard text.count <= limit else { throw .tooLong(count: text.count, limit: limit) }
        var count = 0
        var zeros = 0
        for index in text.indices {
            guard let digit = value(text[index]) else { throw .invalidCharacter(at: index) }
            if digit == 0, count == 0 { zeros += 1 }
            try multiplyAdd(58, UInt32(digit), radix: 256, &bytes, &count)
        }
        try appendZeros(zeros, &bytes, &count)
        reverse(&bytes, count)
        return count
    }

    /// The text of two pieces, one after the other.
    static func encode(
        _ first: Span<UInt8>,
        _ second: Span<UInt8>,
        into text: inout MutableSpan<UInt8>
    ) throws(CryptoError) -> Int {
        let total = first.count + second.count
        guard total <= countMax else { throw .tooLong(count: total, limit: countMax) }
        var count = 0
        var zeros = 0
        for index in 0..<total {
            let byte = index < first.count ? first[index] : second[index - first.count]
            if byte == 0, count == 0 { zeros += 1 }
            try multiplyAdd(256, UInt32(byte), radix: 58, &text, &count)
        }
        try appendZeros(zeros, &text, &count)
        reverse(&text, count)
        for index in 0..<count {
            text[index] = alphabet.byte(at: Int(text[index]))
        }
        return count
    }

    /// Multiplies a number by `factor` and adds `digit`. Its digits, least significant first, are
    /// the first `count` bytes of `room`; a zero has none.
    private static func multiplyAdd(
        _ factor: UInt32,
        _ digit: UInt32,
        radix: UInt32,
        _ room: inout MutableSpan<UInt8>,
        _ count: inout Int
    ) throws(CryptoError) {
        var carry = digit
        for place in 0..<count {
            carry += UInt32(room[place]) * factor
            room[place] = UInt8(carry % radix)
            carry /= radix
        }
        while carry > 0 {
            guard count < room.count else { throw .tooLong(count: count + 1, limit: room.count) }
            room[count] = UInt8(carry % radix)
            carry /= radix
            count += 1
        }
    }

    private static func appendZeros(
        _ zeros: Int,
        _ room: inout MutableSpan<UInt8>,
        _ count: inout Int
    ) throws(CryptoError) {
        guard zeros <= room.count - count else {
            throw .tooLong(count: count + zeros, limit: room.count)
        }
        for _ in 0..<zeros {
            room[count] = 0
            count += 1
        }
    }

    private static func reverse(_ room: inout MutableSpan<UInt8>, _ count: Int) {
        for index in 0..<count / 2 {
            room.swapAt(index, count - 1 - index)
        }
    }

    private static let alphabet: StaticString =
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x31...0x39: character - 0x31
        case 0x41...0x48: character - 0x41 + 9
        case 0x4A...0x4E: character - 0x4A + 17
        case 0x50...0x5A: character - 0x50 + 22
        case 0x61...0x6B: character - 0x61 + 33
        case 0x6D...0x7A: character - 0x6D + 44
        default: nil
        }
    }
}

/// Base58 of a payload and the first four bytes of its double SHA-256.
package enum Base58Check {
    /// Writes the text of a payload of at most 256 bytes and gives its length.
    package static func encode(
        _ payload: Span<UInt8>,
        into text: inout MutableSpan<UInt8>
    ) throws(CryptoError) -> Int {
        let digest = SHA256.doubleHash(payload)
        return try Base58.encode(payload, digest.span.extracting(0..<4), into: &text)
    }

    /// Writes the payload of `text` to the front of `payload`, which needs room for four bytes
    /// more, and gives its length. On an error all of `payload` is wiped.
    package static func decode(
        _ text: Span<UInt8>,
        into payload: inout MutableSpan<UInt8>
    ) throws(CryptoError) -> Int {
        do {
            return try decodeChecked(text, into: &payload)
        } catch {
            wipe(&payload)
            throw error
        }
    }

    private static func decodeChecked(
        _ text: Span<UInt8>,
        into payload: inout MutableSpan<UInt8>
    ) throws(CryptoError) -> Int {
        let total = try Base58.decode(text, into: &payload)
        guard total >= 4 else { throw .wrongLength(expected: 4, found: total) }
        let count = total - 4
        let digest = SHA256.doubleHash(payload.span.extracting(0..<count))
        for index in 0..<4 {
            guard payload[count + index] == digest[index] else { throw .wrongChecksum }
            payload[count + index] = 0
        }
        return count
    }
}
