/// Names, and the nearest of them to one that was mistyped.
enum Spelling {
    static let nameForm = "1 to 64 letters, digits, - or _, beginning with a letter or digit"

    /// Whether a text may name a wallet, list, limit or rule: ASCII, so that no two look alike.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, (1...64).contains(text.utf8.count) else { return false }
        return isAlphanumeric(first)
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    /// The candidate with the fewest edits, if they are few for the length of the word.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let ranked = candidates.map { ($0, distance(word.lowercased(), $0.lowercased())) }
        guard let best = ranked.min(by: { $0.1 < $1.1 }) else { return nil }
        return best.1 <= max(2, best.0.count / 3) ? best.0 : nil
    }

    /// The edit distance (Levenshtein), row by row.
    private static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.prefix(64)), Array(right.prefix(64)))
        var row = Array(0...right.count)
        for (index, character) in left.enumerated() {
            var previous = row[0]
            row[0] = index + 1
            for place in right.indices {
                let substituted = previous + (right[place] == character ? 0 : 1)
                previous = row[place + 1]
                row[place + 1] = min(substituted, previous + 1, row[place] + 1)
            }
        }
        return row[right.count]
    }
}
