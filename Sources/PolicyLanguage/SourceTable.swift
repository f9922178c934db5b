import TOMLKit

/// One table of a policy source; every key must be asked for, and no other may be there.
struct SourceTable {
    /// The way from the root, for messages.
    let path: [String]
    private let table: TOMLTable
    private let lines: SourceLines

    /// Reads a whole source.
    init(source: String) throws(PolicyError) {
        path = []
        lines = SourceLines(source)
        do {
            table = try TOMLTable(string: source)
        } catch {
            throw Self.syntaxError(error)
        }
    }

    private init(_ table: TOMLTable, path: [String], lines: SourceLines) {
        self.table = table
        self.path = path
        self.lines = lines
    }

    private static func syntaxError(_ error: any Error) -> PolicyError {
        guard let error = error as? TOMLParseError else {
            return PolicyError(line: nil, key: "", found: "\(error)", expected: "TOML")
        }
        return PolicyError(
            line: error.source.begin.line,
            key: "",
            found: "a line that is not TOML (\(error.description))",
            expected: "TOML, with text in quotes: max_fee = \"0.01 BTC\""
        )
    }

    /// The keys that are there, sorted.
    var keys: [String] { table.keys.sorted() }

    func contains(_ key: String) -> Bool { table.contains(key: key) }

    /// An error at one of the keys of this table, or at the table itself.
    func error(_ key: String?, found: String, expected: String) -> PolicyError {
        let place = path + [key].compactMap { $0 }
        return PolicyError(
            line: lines.line(of: place),
            key: Self.joined(place),
            found: found,
            expected: expected
        )
    }

    /// Refuses any key that the language does not have here, with the nearest that it has.
    func allowOnly(_ known: [String]) throws(PolicyError) {
        for key in keys where !known.contains(key) {
            let nearest = Spelling.nearest(to: key, among: known)
            let hint = nearest.map { "\($0) (did you mean it?)" }
            throw error(
                key,
                found: "the unknown key \(key)",
                expected: hint ?? "only \(known.joined(separator: ", "))"
            )
        }
    }

    func string(_ key: String, form: String) throws(PolicyError) -> String {
        guard let value = table[key]?.tomlValue else {
            throw error(key, found: "no \(key)", expected: form)
        }
        guard let text = value.string else {
            throw error(key, found: Self.describe(value), expected: "\(form), in quotes")
        }
        return text
    }

    func optionalString(_ key: String, form: String) throws(PolicyError) -> String? {
        contains(key) ? try string(key, form: form) : nil
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(PolicyError) -> Int {
        let form = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let value = table[key]?.tomlValue else {
            throw error(key, found: "no \(key)", expected: "\(form): \(key) = 1")
        }
        guard let number = value.int, value.type == .int else {
            throw error(key, found: Self.describe(value), expected: form)
        }
        guard range.contains(number) else {
            throw error(key, found: "\(number)", expected: form)
        }
        return number
    }

    func strings(_ key: String, form: String) throws(PolicyError) -> [String] {
        guard let value = table[key]?.tomlValue else {
            throw error(key, found: "no \(key)", expected: form)
        }
        guard let array = value.array else {
            throw error(key, found: Self.describe(value), expected: form)
        }
        var strings: [String] = []
        for index in 0..<array.count {
            guard let text = array[index].tomlValue.string else {
                throw error(key, found: Self.describe(array[index].tomlValue), expected: form)
            }
            strings.append(text)
        }
        return strings
    }

    func bool(_ key: String) throws(PolicyError) -> Bool {
        let form = "\(key) = true or \(key) = false"
        guard let value = table[key]?.tomlValue else {
            throw error(key, found: "no \(key)", expected: form)
        }
        guard let isTrue = value.bool else {
            throw error(key, found: Self.describe(value), expected: form)
        }
        return isTrue
    }

    /// One of a list of names and numbers.
    enum NameOrNumber {
        case name(String)
        case number(Int)
    }

    func namesAndNumbers(_ key: String, form: String) throws(PolicyError) -> [NameOrNumber] {
        guard let array = table[key]?.tomlValue.array else {
            throw error(key, found: "no list", expected: form)
        }
        var items: [NameOrNumber] = []
        for index in 0..<array.count {
            let value = array[index].tomlValue
            if let name = value.string {
                items.append(.name(name))
            } else if value.type == .int, let number = value.int {
                items.append(.number(number))
            } else {
                throw error(key, found: Self.describe(value), expected: form)
            }
        }
        return items
    }

    /// Whether the value is a string, for keys that may be text or a list.
    func isString(_ key: String) -> Bool { table[key]?.tomlValue.string != nil }

    /// The table at `key`, or nil when there is none.
    func table(_ key: String, form: String? = nil) throws(PolicyError) -> SourceTable? {
        guard let value = table[key]?.tomlValue else { return nil }
        guard let inner = value.table else {
            let expected = form ?? "a table: [\(key)]"
            throw error(key, found: Self.describe(value), expected: expected)
        }
        return SourceTable(inner, path: path + [key], lines: lines)
    }

    /// The tables below `key` by name: `[wallets.segwit]`, sorted by name.
    func namedTables(_ key: String) throws(PolicyError) -> [(name: String, table: SourceTable)] {
        guard let outer = try table(key) else { return [] }
        var tables: [(name: String, table: SourceTable)] = []
        for name in outer.keys {
            guard Spelling.isName(name) else {
                throw outer.error(name, found: "the name \(name)", expected: Spelling.nameForm)
            }
            guard let value = outer.table[name]?.tomlValue, let inner = value.table else {
                throw outer.error(name, found: "a value", expected: "a table: [\(key).\(name)]")
            }
            tables.append((name, SourceTable(inner, path: outer.path + [name], lines: lines)))
        }
        return tables
    }

    /// The tables of an array: `[[rules]]`, in the order of the source.
    func tables(_ key: String) throws(PolicyError) -> [SourceTable] {
        guard let value = table[key]?.tomlValue else { return [] }
        let form = "an array of tables: [[\(key)]]"
        guard let array = value.array else {
            throw error(key, found: Self.describe(value), expected: form)
        }
        var tables: [SourceTable] = []
        for index in 0..<array.count {
            guard let inner = array[index].tomlValue.table else {
                throw error(key, found: Self.describe(array[index].tomlValue), expected: form)
            }
            let path = path + [key, "[\(index + 1)]"]
            tables.append(SourceTable(inner, path: path, lines: lines))
        }
        return tables
    }

    private static func describe(_ value: TOMLValue) -> String {
        switch value.type {
        case .string, .int, .double, .bool: "the \(value.type) \(value.debugDescription)"
        case .table, .array, .date, .time, .dateTime: "a value of type \(value.type)"
        }
    }

    private static func joined(_ path: [String]) -> String {
        path.reduce("") { text, part in
            text.isEmpty || part.hasPrefix("[") ? text + part : "\(text).\(part)"
        }
    }
}
