package import Bytes
private import CSodium

/// Mnemonic sentences (BIP-39) with the English list: lower-case words with one space between.
///
/// Sentence, entropy and seed are secrets and stay in the caller's memory.
package enum Mnemonic {
    /// The most characters of a sentence: 24 words of eight letters.
    package static let textCountMax = 24 * 9 - 1

    /// The most bytes of entropy.
    package static let entropyCountMax = 32

    /// The bytes of a seed.
    package static let seedCount = 64

    /// Writes the sentence of 16, 20, 24, 28 or 32 bytes of entropy.
    package static func write(
        entropy: Span<UInt8>,
        into writer: inout ByteWriter
    ) throws(CryptoError) {
        guard entropy.count.isMultiple(of: 4), entropy.count >= 16,
            entropy.count <= entropyCountMax
        else { throw .wordCount(entropy.count) }
        let checksum = SHA256.hash(entropy)[0]
        var (bits, bitCount): (UInt32, UInt32) = (0, 0)
        var words = 0
        for index in 0...entropy.count {
            bits = bits << 8 | UInt32(index < entropy.count ? entropy[index] : checksum)
            bitCount += 8
            // The last word ends inside the checksum's byte.
            guard bitCount >= 11, words < entropy.count * 3 / 4 else { continue }
            bitCount -= 11
            let word = Int(bits >> bitCount & 2_047)
            do {
                if words > 0 { try writer.writeUInt8(0x20) }
                for place in 0..<letterCount(word) {
                    try writer.writeUInt8(pc_word_letter(word, place))
                }
            } catch {
                throw .tooLong(count: textCountMax, limit: writer.remaining)
            }
            words += 1
        }
    }

    /// Writes the entropy of a sentence to the front of `entropy`, which has room for 32 bytes, and
    /// gives its length. On an error all of `entropy` is wiped.
    package static func read(
        _ text: Span<UInt8>,
        into entropy: inout MutableSpan<UInt8>
    ) throws(CryptoError) -> Int {
        precondition(entropy.count >= entropyCountMax, "room for 32 bytes")
        do {
            return try readChecked(text, into: &entropy)
        } catch {
            wipe(&entropy)
            throw error
        }
    }

    /// Fills the 64 bytes of `seed` from a sentence and a passphrase, which can be empty, both as
    /// they are. Whoever takes a text from a person brings it into the form that BIP-39 hashes,
    /// UTF-8 in NFKD: in another form it would silently open another wallet.
    package static func seed(
        sentence: Span<UInt8>,
        passphrase: Span<UInt8>,
        into seed: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        guard seed.count == seedCount else {
            throw .wrongLength(expected: seedCount, found: seed.count)
        }
        // "mnemonic"
        let salt: InlineArray<8, UInt8> = [0x6D, 0x6E, 0x65, 0x6D, 0x6F, 0x6E, 0x69, 0x63]
        try PBKDF2.hmacSHA512(
            password: sentence,
            salt: salt.span,
            passphrase,
            rounds: 2_048,
            into: &seed
        )
    }

    private static func readChecked(
        _ text: Span<UInt8>,
        into entropy: inout MutableSpan<UInt8>
    ) throws(CryptoError) -> Int {
        var words = 1
        for index in text.indices where text[index] == 0x20 {
            words += 1
        }
        guard words.isMultiple(of: 3), words >= 12, words <= 24 else { throw .wordCount(words) }
        let count = words * 4 / 3
        var (bits, bitCount): (UInt32, UInt32) = (0, 0)
        var (start, written) = (0, 0)
        for number in 0..<words {
            var end = start
            while end < text.count, text[end] != 0x20 {
                end += 1
            }
            guard let word = find(text.extracting(start..<end)) else {
                throw .unknownWord(at: number)
            }
            start = end + 1
            bits = bits << 11 | UInt32(word)
            bitCount += 11
            while bitCount >= 8, written < count {
                bitCount -= 8
                entropy[written] = UInt8(truncatingIfNeeded: bits >> bitCount)
                written += 1
            }
        }
        // What is left is the checksum: a bit for every three words.
        let checksum = UInt32(SHA256.hash(entropy.span.extracting(0..<count))[0])
        let mask: UInt32 = 1 << bitCount - 1
        guard bits & mask == checksum >> (8 - bitCount) else { throw .wrongChecksum }
        return count
    }

    /// The number of a word, found by halving the sorted list.
    private static func find(_ text: Span<UInt8>) -> Int? {
        var (low, high) = (0, 2_048)
        while low < high {
            let middle = (low + high) / 2
            let order = compare(text, middle)
            if order == 0 { return middle }
            if order < 0 { high = middle } else { low = middle + 1 }
        }
        return nil
    }

    /// Negative, zero or positive as the text comes before the word, is it, or comes after.
    private static func compare(_ text: Span<UInt8>, _ word: Int) -> Int {
        let count = letterCount(word)
        for place in 0..<min(text.count, count) where text[place] != pc_word_letter(word, place) {
            return Int(text[place]) - Int(pc_word_letter(word, place))
        }
        return text.count - count
    }

    private static func letterCount(_ word: Int) -> Int {
        var count = 0
        while pc_word_letter(word, count) != 0 {
            count += 1
        }
        return count
    }
}
