import Foundation
import Testing

/// Which way the arrows point. A new folder without a row fails.
@Suite("Imports")
struct ImportTests {
    /// The trusted targets, heap-free or not, and all that each may import.
    static let trusted: [String: Set<String>] = [
        "Bytes": [],
        "BitcoinCrypto": ["Bytes", "CSecp256k1", "CSodium"],
        "Bitcoin": ["Bytes", "BitcoinCrypto"],
        "Policy": ["Bytes", "BitcoinCrypto", "Bitcoin"],
        "Transparency": ["Bytes", "BitcoinCrypto"],
        "Wire": ["Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Transparency"],
        "SecretMemory": ["CLinux"],
        "Confinement": ["CLinux", "CSeccomp", "CCap"],
        "LocalSocket": ["CLinux", "Bytes"],
        "Signer": [
            "Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Transparency", "Wire", "SecretMemory",
            "LocalSocket", "CLinux", "CSodium",
        ],
        "Gate": [
            "Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Transparency", "Wire", "LocalSocket",
            "CLinux",
        ],
        "portcullis-signer": [
            "Signer", "Confinement", "LocalSocket", "SecretMemory", "CLinux", "Wire", "Bytes",
            "BitcoinCrypto", "Policy",
        ],
        "portcullis-gate": ["Gate", "Confinement", "LocalSocket", "CLinux", "Wire", "Bytes"],
    ]

    /// The untrusted targets; packages and Foundation are theirs to use.
    static let upper: [String: Set<String>] = [
        "Wallet": ["Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Wire"],
        "PolicyLanguage": [
            "Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Wallet", "TOMLKit", "Foundation",
        ],
        "Front": [
            "Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Transparency", "Wire", "LocalSocket",
            "Wallet", "CLinux", "Foundation", "FoundationEssentials",
        ],
        "portcullis-front": [
            "Front", "Confinement", "LocalSocket", "CLinux", "Foundation", "FoundationEssentials",
        ],
        "Simulation": ["Bytes", "Bitcoin", "Policy", "Wire", "Gate"],
        "portcullis": [
            "Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Transparency", "Wire", "Confinement",
            "LocalSocket", "Wallet", "PolicyLanguage", "Front", "Simulation", "CLinux",
            "ArgumentParser", "Foundation", "FoundationEssentials",
        ],
    ]

    static let table = trusted.merging(upper) { one, _ in one }

    @Test("Every Swift target has a row in the table, and every row a target")
    func tableIsComplete() throws {
        let files = try Repository.files(below: "Sources", ending: ".swift")
        #expect(files.count > 50)
        #expect(Set(files.map(Repository.target)) == Set(Self.table.keys))
    }

    @Test("Targets import only what the table allows", arguments: table.keys.sorted())
    func importsAreDeclared(target: String) throws {
        let allowed = try #require(Self.table[target])
        for path in try Repository.files(below: "Sources/\(target)", ending: ".swift") {
            for line in try Repository.lines(of: path) {
                guard let name = Self.imported(by: line) else { continue }
                #expect(allowed.contains(name), "\(path): \(line)")
            }
        }
    }

    @Test("The import reader sees every spelling of an import, so that the rule can fail")
    func control() {
        #expect(Self.imported(by: "import Foundation") == "Foundation")
        #expect(Self.imported(by: "private import CLinux") == "CLinux")
        #expect(Self.imported(by: "package import Bytes") == "Bytes")
        #expect(Self.imported(by: "@preconcurrency import Dispatch") == "Dispatch")
        #expect(Self.imported(by: "import struct Foundation.Data") == "Foundation")
        #expect(Self.imported(by: "let important = 1") == nil)
    }

    @Test("The manifest of the trusted part and the root's name the same targets")
    func manifestsAgree() throws {
        let core = try Self.targets(in: "Core/Package.swift")
        let root = try Self.targets(in: "Package.swift")
        for target in Self.trusted.keys {
            #expect(core.contains(target) && root.contains(target), "\(target)")
        }
        let tests = core.filter { $0.hasSuffix("Tests") }
        #expect(!tests.isEmpty && tests.allSatisfy { !root.contains($0) }, "tests build once")
        #expect(!(try Repository.text(of: "Core/Package.swift")).contains(".package(url"))
    }

    static func imported(by line: String) -> String? {
        let pattern =
            /^\s*(?:@\w+\s+)*(?:\w+\s+)?import\s+(?:(?:struct|class|enum|func|protocol|var|let|typealias)\s+)?(\w+).*/
        guard let match = line.wholeMatch(of: pattern) else { return nil }
        return String(match.1)
    }

    private static func targets(in manifest: String) throws -> Set<String> {
        var names: Set<String> = []
        for match in try Repository.text(of: manifest).matches(of: /name: "([\w-]+)"/) {
            names.insert(String(match.1))
        }
        return names
    }
}
