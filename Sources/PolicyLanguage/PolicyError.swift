/// What is wrong with a policy source: where, what was found, and how to write it.
package struct PolicyError: Error, Equatable, Sendable {
    /// The line, from 1, or nil when the fault is of the whole source.
    package let line: Int?
    /// The key, such as `limits.hourly.window` or `rules[2].max_fee`; empty for the whole source.
    package let key: String
    /// What was found.
    package let found: String
    /// What was expected, with an example.
    package let expected: String

    package init(line: Int?, key: String, found: String, expected: String) {
        self.line = line
        self.key = key
        self.found = found
        self.expected = expected
    }
}

extension PolicyError: CustomStringConvertible {
    /// One sentence: `line 12, limits.hourly.window: found "soon"; expected a time such as "1h"`.
    package var description: String {
        let place = [line.map { "line \($0)" }, key.isEmpty ? nil : key].compactMap { $0 }
        let prefix = place.isEmpty ? "" : place.joined(separator: ", ") + ": "
        return "\(prefix)found \(found); expected \(expected)"
    }
}
