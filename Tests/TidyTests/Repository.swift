import Foundation

/// The repository's own text, for rules about it.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every file below `folder` with that ending, as paths relative to the root, sorted.
    static func files(below folder: String, ending: String) throws -> [String] {
        let base = root.appending(path: folder)
        guard FileManager.default.fileExists(atPath: base.path) else { return [] }
        return try FileManager.default.subpathsOfDirectory(atPath: base.path)
            .filter { $0.hasSuffix(ending) && !$0.hasPrefix(".build") }
            .map { "\(folder)/\($0)" }
            .sorted()
    }

    static func lines(of path: String) throws -> [String] {
        try text(of: path).components(separatedBy: "\n")
    }

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The target that a path such as `Sources/Wire/Phase.swift` belongs to.
    static func target(of path: String) -> String {
        String(path.split(separator: "/").dropFirst().first ?? "")
    }
}
