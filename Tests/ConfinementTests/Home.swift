import Foundation
import TestSupport

/// A home such as the probe expects, there for the length of a test.
final class Home {
    private let scratch: Scratch
    var path: String { scratch.path }

    init() throws {
        scratch = try Scratch(subfolders: ["log", "public"])
        for folder in ["log", "public"] {
            try Data("old".utf8).write(to: scratch.url.appending(path: "\(folder)/old"))
        }
    }
}
