package import Foundation
package import Testing

/// The folder of shared test vectors, if this machine has it.
package enum Vectors {
    package static let root: URL = {
        if let named = ProcessInfo.processInfo.environment["PORTCULLIS_VECTORS"] {
            return URL(fileURLWithPath: named)
        }
        return repository.appending(path: "../shared/vectors").standardizedFileURL
    }()

    /// The root of the repository.
    package static let repository = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    package static let present = FileManager.default.fileExists(
        atPath: root.appending(path: "bitcoin").path
    )

    package static let reason: Comment = "no test vectors at \(root.path) (PORTCULLIS_VECTORS)"

    package static func data(_ path: String) throws -> Data {
        try Data(contentsOf: root.appending(path: path))
    }

    package static func json<T: Decodable>(_ path: String, as: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(T.self, from: data(path))
    }

    /// Says how many cases of a suite ran. `scripts/check.sh` shows these lines, and TidyTests
    /// wants one for each folder of vectors.
    package static func report(_ suite: String, _ counts: String) {
        print("vectors \(suite): \(counts)")
    }
}
