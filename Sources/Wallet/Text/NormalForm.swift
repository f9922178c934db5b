/// Why a text has no normal form. What the text is stays out of it: it may be a secret.
package enum NormalFormError: Error, Equatable, Sendable {
    /// Bytes that are not UTF-8, from that byte on.
    case notUTF8(at: Int)
    /// A character that this version does not know, by its number from 0. Unicode may say later
    /// what it decomposes into, and then other programs would make another text of it.
    case unknownCharacter(at: Int)
    /// The normal form has no room.
    case tooLong
}

/// Unicode's Normalization Form KD, which BIP-39 hashes: the same word typed on two machines must
/// open the same wallet, whether its é is one character or an e with an accent behind it.
///
/// Unicode Standard Annex 15; all memory is the caller's, who can wipe it.
package enum NormalForm {
    /// Writes the normal form of `text`, which is UTF-8, to the front of `result`, and gives its
    /// length. `scratch` holds the characters in between: a text that does not fit there, or into
    /// `result`, is too long.
    package static func decompose(
        _ text: Span<UInt8>,
        scratch: inout MutableSpan<UInt32>,
        into result: inout MutableSpan<UInt8>
    ) throws(NormalFormError) -> Int {
        let checked: UTF8Span
        do throws(UTF8.ValidationError) {
            checked = try UTF8Span(validating: text)
        } catch {
            throw .notUTF8(at: error.byteOffsets.lowerBound)
        }
        var count = 0
        var number = 0
        var characters = checked.makeUnicodeScalarIterator()
        while let character = characters.next() {
            guard isKnown(character) else { throw .unknownCharacter(at: number) }
            try append(character, to: &scratch, &count)
            number += 1
        }
        sortMarks(&scratch, count)
        return try encode(scratch.span.extracting(0..<count), into: &result)
    }

    /// Whether the table says all there is to say about a character, now and later.
    private static func isKnown(_ character: Unicode.Scalar) -> Bool {
        guard let age = character.properties.age else { return false }
        return (age.major, age.minor) <= GeneratedDecompositions.unicodeVersion
    }

    /// Appends what a character decomposes into, step by step, down to what has no decomposition.
    private static func append(
        _ character: Unicode.Scalar,
        to scratch: inout MutableSpan<UInt32>,
        _ count: inout Int
    ) throws(NormalFormError) {
        if HangulSyllable.isOne(character.value) {
            for part in HangulSyllable.parts(character.value) where part != 0 {
                try put(part, to: &scratch, &count)
            }
            return
        }
        guard let parts = Decompositions.table[character.value] else {
            return try put(character.value, to: &scratch, &count)
        }
        for value in parts {
            guard let part = Unicode.Scalar(value) else {
                preconditionFailure("the table holds characters only")
            }
            try append(part, to: &scratch, &count)
        }
    }

    private static func put(
        _ value: UInt32,
        to scratch: inout MutableSpan<UInt32>,
        _ count: inout Int
    ) throws(NormalFormError) {
        guard count < scratch.count else { throw .tooLong }
        scratch[count] = value
        count += 1
    }

    /// Puts the marks behind each letter in the order of their classes; marks of one class keep
    /// theirs (The Unicode Standard, D109).
    private static func sortMarks(_ scratch: inout MutableSpan<UInt32>, _ count: Int) {
        for end in 0..<count {
            let mark = combiningClass(scratch[end])
            guard mark != 0 else { continue }
            var place = end
            while place > 0, combiningClass(scratch[place - 1]) > mark {
                scratch.swapAt(place - 1, place)
                place -= 1
            }
        }
    }

    private static func combiningClass(_ value: UInt32) -> UInt8 {
        guard let character = Unicode.Scalar(value) else { return 0 }
        return character.properties.canonicalCombiningClass.rawValue
    }

    private static func encode(
        _ values: Span<UInt32>,
        into result: inout MutableSpan<UInt8>
    ) throws(NormalFormError) -> Int {
        var count = 0
        for place in values.indices {
            guard let character = Unicode.Scalar(values[place]) else {
                preconditionFailure("only characters come out of characters")
            }
            for byte in character.utf8 {
                guard count < result.count else { throw .tooLong }
                result[count] = byte
                count += 1
            }
        }
        return count
    }
}

/// Syllables of the Korean script, whose letters are computed (The Unicode Standard, 3.12).
enum HangulSyllable {
    static let first: UInt32 = 0xAC00
    static let count: UInt32 = 11_172

    static func isOne(_ value: UInt32) -> Bool {
        (first..<first + count).contains(value)
    }

    /// Leading consonant, vowel and trailing consonant; 0 where there is none.
    static func parts(_ value: UInt32) -> [UInt32] {
        let place = value - first
        let trailing = place % 28
        return [
            0x1100 + place / 588, 0x1161 + place % 588 / 28, trailing == 0 ? 0 : 0x11A7 + trailing,
        ]
    }
}

/// The table that a program wrote, as numbers.
enum Decompositions {
    /// By character, what it decomposes into in one step.
    static let table: [UInt32: [UInt32]] = read(GeneratedDecompositions.text)

    /// A word out of form is a mistake in the program.
    private static func read(_ text: String) -> [UInt32: [UInt32]] {
        var table: [UInt32: [UInt32]] = [:]
        var last: UInt32 = 0
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let halves = word.split(separator: ":")
            let parts = (halves.last ?? "").split(separator: ",").map(number)
            let head = halves.count == 2 ? halves[0] : ""
            let gap = head.prefix { $0 != "*" }
            let row = head.dropFirst(gap.count + 1)
            last += gap.isEmpty ? 1 : number(gap)
            table[last] = parts
            for step in 1..<(row.isEmpty ? 1 : number(row)) {
                table[last + step] = [parts[0] + step]
            }
            last += (row.isEmpty ? 1 : number(row)) - 1
        }
        return table
    }

    private static func number(_ digits: Substring) -> UInt32 {
        guard let number = UInt32(digits, radix: 16) else {
            preconditionFailure("hexadecimal numbers only")
        }
        return number
    }
}
