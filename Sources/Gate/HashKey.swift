package import Bytes

/// A 32-byte hash as the key of a dictionary.
package struct HashKey: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    package init(_ hash: Bytes32) {
        words = (
            Self.word(hash, 0), Self.word(hash, 8), Self.word(hash, 16), Self.word(hash, 24)
        )
    }

    package static func == (left: HashKey, right: HashKey) -> Bool {
        left.words == right.words
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }

    private static func word(_ hash: Bytes32, _ start: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<8 {
            word |= UInt64(hash[start + index]) << UInt64(8 * index)
        }
        return word
    }
}
