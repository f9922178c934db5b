import Foundation
import Testing

/// The shape of files, functions and comments (docs/style.md).
@Suite("Shape")
struct ShapeTests {
    @Test("No source file is over 400 lines, no test file over 600")
    func fileLength() throws {
        for path in try Repository.files(below: "Sources", ending: ".swift")
            + Repository.files(below: "Sources", ending: ".c").filter(Self.isWritten)
        {
            #expect(try Repository.lines(of: path).count <= 401, "\(path)")
        }
        for path in try Repository.files(below: "Tests", ending: ".swift") {
            #expect(try Repository.lines(of: path).count <= 601, "\(path)")
        }
    }

    @Test("No line is over 100 columns")
    func lineLength() throws {
        for folder in ["Sources", "Tests", "Fuzz", "Benchmarks"] {
            for path in try Repository.files(below: folder, ending: ".swift") {
                for (index, line) in try Repository.lines(of: path).enumerated()
                where line.count > 100 && !line.contains("/^") {
                    Issue.record("\(path):\(index + 1) has \(line.count) columns")
                }
            }
        }
    }

    @Test("No function is over 70 lines")
    func functionLength() throws {
        for path in try Repository.files(below: "Sources", ending: ".swift") {
            for (name, count) in Self.functions(in: try Repository.lines(of: path))
            where count > 70 {
                Issue.record("\(path): \(name) has \(count) lines")
            }
        }
    }

    @Test("The function reader counts from the head to the closing brace")
    func functionLengthControl() {
        let long = ["    func far() {"] + Array(repeating: "        work()", count: 80) + ["    }"]
        #expect(Self.functions(in: long).map(\.count) == [82])
        #expect(Self.functions(in: ["func near() { 1 }"]).map(\.count) == [1])
    }

    @Test("Every `unsafe` is explained by a SAFETY comment close above it")
    func unsafeIsExplained() throws {
        for path in try Repository.files(below: "Sources", ending: ".swift") {
            let lines = try Repository.lines(of: path)
            for (index, line) in lines.enumerated() where Self.isUnsafe(line) {
                let window = lines[max(0, index - 12)...index]
                #expect(
                    window.contains { $0.contains("// SAFETY:") },
                    "\(path):\(index + 1)"
                )
            }
        }
    }

    @Test("`unsafe` stands only in the modules that may have it")
    func unsafeIsConfined() throws {
        let may: Set<String> = [
            "SecretMemory", "LocalSocket", "Confinement", "BitcoinCrypto", "Signer", "Gate",
            "portcullis-signer", "portcullis-gate", "portcullis-front", "portcullis", "Front",
            "Bytes",
        ]
        for path in try Repository.files(below: "Sources", ending: ".swift")
        where !may.contains(Repository.target(of: path)) {
            for (index, line) in try Repository.lines(of: path).enumerated() {
                #expect(!Self.isUnsafe(line), "\(path):\(index + 1)")
            }
        }
    }

    @Test("Trusted sources have no swallowed errors, forced values or unfinished words")
    func noShortcuts() throws {
        for target in ImportTests.trusted.keys.sorted() {
            for path in try Repository.files(below: "Sources/\(target)", ending: ".swift") {
                for (index, line) in try Repository.lines(of: path).enumerated() {
                    let place = "\(path):\(index + 1)"
                    #expect(!line.contains(/\btry[?!]/), "\(place) swallows an error")
                    #expect(!line.contains(/\b(TODO|FIXME|XXX|HACK)\b/), "\(place)")
                }
            }
        }
    }

    private static func isUnsafe(_ line: String) -> Bool {
        line.contains(#/\bunsafe [a-zA-Z_(]/#) && !line.contains("//")
    }

    /// A table that a program wrote, or a standard word list, has no length rule.
    private static func isWritten(_ path: String) -> Bool {
        !path.contains("WordList") && !path.contains("wordlist") && !path.contains("enerated")
            && !path.contains("bip39")
    }

    static func functions(in lines: [String]) -> [(name: String, count: Int)] {
        var found: [(String, Int)] = []
        var index = 0
        while index < lines.count {
            let head = lines[index]
            guard let match = head.firstMatch(of: /^(\s*)(?:[\w@()]+ )*(?:func \S+?|init\??)[(<]/)
            else {
                index += 1
                continue
            }
            var end = index
            if !(head.contains("{") && head.hasSuffix("}")) {
                let close = String(match.1) + "}"
                while end < lines.count, lines[end] != close { end += 1 }
            }
            if end < lines.count { found.append((head, end - index + 1)) }
            index += 1
        }
        return found
    }
}
