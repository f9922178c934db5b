/// The eight characters behind `#` in a descriptor (BIP-380).
package enum DescriptorChecksum {
    private static let inputCharacters = Array(
        ("0123456789()[],'/*abcdefgh@:$%{}" + "IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~"
            + "ijklmnopqrstuvwxyzABCDEFGH`#\"\\ ").utf8
    )
    private static let checksumCharacters = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let generator: [UInt64] = [
        0xf5_dee5_1989, 0xa9_fdca_3312, 0x1b_ab10_e32d, 0x37_06b1_677a, 0x64_4d62_6ffd,
    ]

    /// The place of each byte among the characters that a descriptor may have.
    private static let places: [UInt64?] = {
        var places = [UInt64?](repeating: nil, count: 256)
        for (place, character) in inputCharacters.enumerated() {
            places[Int(character)] = UInt64(place)
        }
        return places
    }()

    /// The checksum of a descriptor without one, or nothing if a character cannot stand in any.
    package static func make(_ descriptor: Substring) -> String? {
        var checksum: UInt64 = 1
        var group: UInt64 = 0
        var groupCount = 0
        for byte in descriptor.utf8 {
            guard let place = places[Int(byte)] else { return nil }
            checksum = step(checksum, place & 31)
            group = group * 3 + place >> 5
            groupCount += 1
            if groupCount == 3 {
                checksum = step(checksum, group)
                (group, groupCount) = (0, 0)
            }
        }
        if groupCount > 0 { checksum = step(checksum, group) }
        for _ in 0..<8 { checksum = step(checksum, 0) }
        checksum ^= 1
        let characters = (0..<8).map { place in
            checksumCharacters[Int(checksum >> UInt64(5 * (7 - place)) & 31)]
        }
        return String(decoding: characters, as: UTF8.self)
    }

    private static func step(_ checksum: UInt64, _ value: UInt64) -> UInt64 {
        let top = checksum >> 35
        var next = (checksum & 0x7_ffff_ffff) << 5 ^ value
        for (bit, term) in generator.enumerated() where top >> UInt64(bit) & 1 == 1 {
            next ^= term
        }
        return next
    }

    /// The descriptor without its checksum. A checksum that is there must be right; it need not be.
    package static func strip(_ text: String) throws(DescriptorError) -> Substring {
        // By bytes, because characters of Unicode are slow to tell apart.
        guard let mark = text.utf8.lastIndex(of: UInt8(ascii: "#")) else {
            guard make(text[...]) != nil else { throw .forbiddenCharacter }
            return text[...]
        }
        let body = text[..<mark]
        let found = text[text.index(after: mark)...]
        guard found.utf8.count == 8 else { throw .checksumLength(found.utf8.count) }
        guard let expected = make(body) else { throw .forbiddenCharacter }
        guard expected == found else {
            throw .checksumMismatch(expected: expected, found: String(found))
        }
        return body
    }
}
