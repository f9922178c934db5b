import Foundation
import TestSupport

/// The byte-level examples of docs/examples/wire.txt: made from protocol.md by a program that is
/// not ours.
enum Examples {
    static let all: [String: [UInt8]] = {
        let file = Vectors.repository.appending(path: "docs/examples/wire.txt")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [:] }
        var found: [String: [UInt8]] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            found[String(parts[0])] = [UInt8](hex: String(parts[1]))
        }
        return found
    }()

    static func bytes(_ name: String) throws -> [UInt8] {
        guard let bytes = all[name] else { throw Missing(name: name) }
        return bytes
    }

    struct Missing: Error { let name: String }
}
