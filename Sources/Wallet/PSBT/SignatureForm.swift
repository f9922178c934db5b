/// The forms of signatures, without asking whether they are true.
enum SignatureForm {
    /// Whether the bytes are an ECDSA signature in the one form of BIP-66: a sequence of two
    /// positive integers, each with the fewest bytes, and nothing else.
    static func isStrictDER(_ signature: ArraySlice<UInt8>) -> Bool {
        let bytes = Array(signature)
        guard (8...72).contains(bytes.count), bytes[0] == 0x30, Int(bytes[1]) == bytes.count - 2
        else { return false }
        guard let middle = integerEnd(bytes, from: 2), middle < bytes.count else { return false }
        return integerEnd(bytes, from: middle) == bytes.count
    }

    /// Where the integer that starts at `start` ends, if it is one.
    private static func integerEnd(_ bytes: [UInt8], from start: Int) -> Int? {
        guard start + 2 < bytes.count, bytes[start] == 0x02 else { return nil }
        let count = Int(bytes[start + 1])
        let first = start + 2
        guard count > 0, first + count <= bytes.count, bytes[first] & 0x80 == 0 else { return nil }
        // A zero in front is there only to keep the next byte's top bit from being a sign.
        if count > 1, bytes[first] == 0, bytes[first + 1] & 0x80 == 0 { return nil }
        return first + count
    }
}
