/// Finds the line of a key, for messages; the TOML reader keeps no positions.
///
/// It reads headers and keys line by line and does not judge them: at worst a message names the
/// line of the table instead of that of the key.
struct SourceLines {
    private var lines: [[String]: Int] = [:]

    init(_ source: String) {
        var prefix: [String] = []
        var counts: [[String]: Int] = [:]
        let text = source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in text.enumerated() {
            let trimmed = Self.trim(line)
            if trimmed.hasPrefix("[[") {
                let name = Self.keys(trimmed.dropFirst(2).prefix { $0 != "]" })
                counts[name, default: 0] += 1
                prefix = name + ["[\(counts[name, default: 0])]"]
                lines[prefix] = index + 1
            } else if trimmed.hasPrefix("[") {
                prefix = Self.keys(trimmed.dropFirst().prefix { $0 != "]" })
                lines[prefix] = index + 1
            } else if let key = Self.assignedKey(trimmed) {
                let path = prefix + key
                if lines[path] == nil { lines[path] = index + 1 }
            }
        }
    }

    /// The line of the key, or of the nearest table around it, from 1.
    func line(of path: [String]) -> Int? {
        var path = path
        while !path.isEmpty {
            if let line = lines[path] { return line }
            path.removeLast()
        }
        return nil
    }

    private static func assignedKey(_ line: Substring) -> [String]? {
        if let quote = line.first, quote == "\"" || quote == "'" {
            let name = line.dropFirst().prefix { $0 != quote }
            let rest = trim(line.dropFirst(name.count + 2))
            return rest.hasPrefix("=") ? [String(name)] : nil
        }
        guard let mark = line.firstIndex(of: "=") else { return nil }
        let name = line[..<mark]
        guard name.allSatisfy({ $0.isLetter || $0.isNumber || " \t._-".contains($0) }) else {
            return nil
        }
        return keys(name)
    }

    private static func keys(_ dotted: Substring) -> [String] {
        dotted.split(separator: ".").map { part in
            String(trim(part)).filter { $0 != "\"" && $0 != "'" }
        }
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, " \t\r".contains(last) { text.removeLast() }
        return text
    }
}
