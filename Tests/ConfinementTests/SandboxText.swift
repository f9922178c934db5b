import Foundation
import TestSupport

/// One condition of a rule: what an argument must be.
struct Condition: Equatable {
    enum Kind: Equatable {
        case descriptor(String)
        case int(String)
        case equal(String)
        case atMost(String)
        case bits(mask: String, value: String)
    }
    let argument: Int
    let kind: Kind
}

/// One rule of a filter.
struct Rule: Equatable {
    let call: String
    let conditions: [Condition]
}

/// A profile, as a text in policies/sandbox or as the compiled table has it.
struct SandboxProfileText: Equatable {
    var rules: [Rule] = []
    var denied: Set<String> = []
    var allowed: [String: Set<String>] = [:]

    static let names = ["signer-sealed", "signer-ready", "gate", "front"]

    struct Malformed: Error { let line: String }

    /// Reads the two texts of a profile.
    static func text(_ name: String) throws -> SandboxProfileText {
        var profile = SandboxProfileText()
        for words in try lines("policies/sandbox/\(name).seccomp") {
            let conditions = try words.dropFirst().map(condition)
            profile.rules.append(Rule(call: words[0], conditions: conditions))
        }
        let landlock = "policies/sandbox/\(name).landlock"
        let there = FileManager.default.fileExists(
            atPath: Vectors.repository.appending(path: landlock).path
        )
        for words in there ? try lines(landlock) : [] {
            switch words[0] {
            case "deny": profile.denied.formUnion(words.dropFirst())
            case "allow": profile.allowed[words[1], default: []].formUnion(words.dropFirst(2))
            default: throw Malformed(line: words.joined(separator: " "))
            }
        }
        return profile
    }

    private static func lines(_ path: String) throws -> [[String]] {
        let text = try String(contentsOf: Vectors.repository.appending(path: path), encoding: .utf8)
        return text.split(separator: "\n").compactMap { line in
            let words = line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
            return words.isEmpty ? nil : words
        }
    }

    private static func condition(_ word: String) throws -> Condition {
        let text = word.hasPrefix("len") ? "a2" + word.dropFirst(3) : word
        if let match = text.wholeMatch(of: /fd=([a-z]+)/) {
            return Condition(argument: 0, kind: .descriptor(String(match.1)))
        }
        if let match = text.wholeMatch(of: /i([0-5])==([A-Z0-9_]+)/) {
            return Condition(argument: try number(match.1), kind: .int(String(match.2)))
        }
        if let match = text.wholeMatch(of: /a([0-5])(==|<=)([A-Z0-9_]+)/) {
            let value = String(match.3)
            let kind: Condition.Kind = match.2 == "==" ? .equal(value) : .atMost(value)
            return Condition(argument: try number(match.1), kind: kind)
        }
        if let match = text.wholeMatch(of: /a([0-5])&([A-Z0-9_]+)==([A-Z0-9_]+)/) {
            let kind = Condition.Kind.bits(mask: String(match.2), value: String(match.3))
            return Condition(argument: try number(match.1), kind: kind)
        }
        throw Malformed(line: word)
    }

    private static func number(_ text: Substring) throws -> Int {
        guard let value = Int(text) else { throw Malformed(line: String(text)) }
        return value
    }
}

/// The table that is compiled in, read from its C source.
extension SandboxProfileText {
    static func table(_ name: String) throws -> SandboxProfileText {
        let path = "Sources/CSeccomp/GeneratedProfiles.h"
        let text = try String(contentsOf: Vectors.repository.appending(path: path), encoding: .utf8)
        let id = name.replacingOccurrences(of: "-", with: "_")
        var profile = SandboxProfileText()
        let descriptors = try strings(text, "\(id)_descriptors")
        for line in try block(text, "\(id)_rules") {
            profile.rules.append(try rule(line, descriptors))
        }
        let places = try strings(text, "\(id)_places")
        for line in try block(text, "\(id)_allowed") {
            guard let match = line.firstMatch(of: /PLACE\((\d+), ([A-Z_ |]+)\)/) else {
                throw Malformed(line: line)
            }
            let rights = match.2.split(separator: " | ").map {
                $0.dropFirst(4).lowercased().replacingOccurrences(of: "_", with: "-")
            }
            profile.allowed[places[try number(match.1)], default: []].formUnion(rights)
        }
        guard let row = text.firstMatch(of: try Regex("PROFILE\\(\(id), ([A-Z_ |0]+)\\)")),
            let denied = row.output[1].substring
        else { throw Malformed(line: id) }
        profile.denied = Set(
            denied.split(separator: " | ").filter { $0 != "0" }.map { $0.dropFirst(5).lowercased() }
        )
        return profile
    }

    private static func strings(_ text: String, _ name: String) throws -> [String] {
        guard let match = text.firstMatch(of: try Regex("\(name)\\[\\] = \\{([^}]*)\\}")),
            let list = match.output[1].substring
        else { throw Malformed(line: name) }
        return list.matches(of: /"([a-z]+)"/).map { String($0.1) }
    }

    private static func block(_ text: String, _ name: String) throws -> [String] {
        guard let start = text.range(of: "\(name)[] = {\n"),
            let end = text.range(of: "    END_OF", range: start.upperBound..<text.endIndex)
        else { throw Malformed(line: name) }
        return text[start.upperBound..<end.lowerBound].split(separator: "\n").map(String.init)
    }

    private static func rule(_ line: String, _ descriptors: [String]) throws -> Rule {
        guard let match = line.wholeMatch(of: /\s+RULE\((\w+), (\d)((?:, [A-Z]+\([^)]*\))*)\),/)
        else { throw Malformed(line: line) }
        let pattern = /([A-Z]+)\((\d), ([A-Z0-9_]+)(?:, ([A-Z0-9_]+))?\)/
        let conditions = try match.3.matches(of: pattern).map { part in
            let value = String(part.3)
            let kind: Condition.Kind
            switch (part.1, part.4) {
            case ("FD", nil): kind = .descriptor(descriptors[try number(part.3)])
            case ("INT", nil): kind = .int(value)
            case ("EQ", nil): kind = .equal(value)
            case ("LE", nil): kind = .atMost(value)
            case ("BITS", let wanted?): kind = .bits(mask: value, value: String(wanted))
            default: throw Malformed(line: line)
            }
            return Condition(argument: try number(part.2), kind: kind)
        }
        guard conditions.count == (try number(match.2)) else { throw Malformed(line: line) }
        return Rule(call: String(match.1), conditions: conditions)
    }
}
