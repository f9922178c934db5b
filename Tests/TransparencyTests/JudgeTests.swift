import Bytes
import Foundation
import TestSupport
import Testing
import Transparency

/// Our own log and receipts, shown to programs that were written by others.
@Suite("Judges", .enabled(if: Judges.present, Judges.reason))
struct JudgeTests {
    static let origin = "portcullis/regtest/00112233445566778899aabbccddeeff/1"
    let log = TestKey(Self.origin, seed: [UInt8](repeating: 5, count: 32))
    let leaves = (0..<300).map { [UInt8](text: "leaf number \($0)") }

    @Test("Go and Python verify a log of 300 leaves that our code wrote, and see a changed leaf")
    func writtenLog() throws {
        try Judges.withFolder { folder in
            try writeLog(to: folder)
            for judge in try Judges.commands(building: folder) {
                let log = folder.appending(path: "log").path
                #expect(try Judges.accepts(judge, "log", log, key()))
                let bundle = folder.appending(path: "log/tile/entries/000")
                var entries = try Data(contentsOf: bundle)
                entries[1_000] ^= 1
                try entries.write(to: bundle)
                #expect(try !Judges.accepts(judge, "log", log, key()))
                entries[1_000] ^= 1
                try entries.write(to: bundle)
            }
        }
    }

    @Test("Go and Python verify our receipts, and see a changed leaf or index")
    func writtenReceipts() throws {
        try Judges.withFolder { folder in
            let judges = try Judges.commands(building: folder)
            let path = folder.appending(path: "receipt")
            for index in [0, 1, 127, 255, 256, 298, 299] {
                for judge in judges {
                    try Data(try receipt(index, of: index)).write(to: path)
                    #expect(try Judges.accepts(judge, "receipt", path.path, key()))
                    try Data(try receipt(index, of: index ^ 1)).write(to: path)
                    #expect(try !Judges.accepts(judge, "receipt", path.path, key()))
                }
            }
        }
    }

    private func key() throws -> String {
        let key = try VerifierKey(name: log.name.span, publicKey: log.publicKey)
        let text = try written { writer throws(ByteError) in try key.write(to: &writer) }
        return String(decoding: text, as: UTF8.self)
    }

    private func checkpoint() throws -> [UInt8] {
        var range = CompactRange()
        for leaf in leaves { range.append(leafHash: leafHash(leaf)) }
        let text = try CheckpointText(origin: log.name.span, size: range.size, root: range.root)
        return try log.note(text.bytes.array)
    }

    private func receipt(_ index: Int, of leaf: Int) throws -> [UInt8] {
        let hashes = leaves.map(leafHash)
        let proof = flat(naiveInclusion(index, hashes[...]))
        let note = try checkpoint()
        let extra = [1] + log.publicKey.array + leaves[leaf]
        return try written { writer throws(ByteError) in
            try TlogProof.write(
                extra: extra.span,
                index: UInt64(index),
                proof: proof.span,
                checkpoint: note.span,
                to: &writer
            )
        }
    }

    private func writeLog(to folder: URL) throws {
        let log = folder.appending(path: "log")
        func write(_ bytes: [UInt8], _ path: [UInt8]) throws {
            let file = log.appending(path: String(decoding: path, as: UTF8.self))
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(bytes).write(to: file)
        }
        try write(try checkpoint(), [UInt8](text: "checkpoint"))
        var items = leaves.map(leafHash)
        for level in 0..<2 {
            for start in stride(from: 0, to: items.count, by: 256) {
                let end = min(start + 256, items.count)
                let index = UInt64(start / 256)
                let path = try written { writer throws(ByteError) in
                    let level = UInt8(level)
                    try TilePath.write(level: level, index: index, width: end - start, to: &writer)
                }
                try write(flat(Array(items[start..<end])), path)
                guard level == 0 else { continue }
                let bundlePath = try written { writer throws(ByteError) in
                    try TilePath.writeEntries(index: index, width: end - start, to: &writer)
                }
                let bundle: [UInt8] = leaves[start..<end].flatMap { [0, UInt8($0.count)] + $0 }
                try write(bundle, bundlePath)
            }
            items = stride(from: 0, to: items.count - 255, by: 256).map {
                naiveRoot(items[$0..<$0 + 256])
            }
        }
    }
}

/// The programs under Tests/Judges.
enum Judges {
    private static let folder = Vectors.repository.appending(path: "Tests/Judges")
    private static let python = peers.appending(path: "bin/python").path
    private static let goPath = "/usr/share/gocode"

    private static let peers: URL = {
        let named = ProcessInfo.processInfo.environment["PORTCULLIS_PEERS"]
        return named.map { URL(fileURLWithPath: $0) } ?? Vectors.repository.appending(path: ".venv")
    }()

    static let reason: Comment = "no Go with x/mod, or no Python with pymerkle (make deps peers)"

    static let present: Bool = {
        let module = goPath + "/src/golang.org/x/mod/sumdb/tlog"
        guard FileManager.default.fileExists(atPath: module) else { return false }
        do {
            return try run(["/usr/bin/env", "go", "version"]) == 0
                && run([python, "-c", "import pymerkle, cryptography"]) == 0
        } catch {
            return false
        }
    }()

    /// The two judges' commands; the one in Go is built into `folder` first.
    static func commands(building scratch: URL) throws -> [[String]] {
        let go = scratch.appending(path: "sumdbverify").path
        let source = folder.appending(path: "sumdbverify").path
        let settings = [
            "GO111MODULE=off", "GOPATH=\(goPath)", "GOCACHE=\(scratch.path)/cache", "GOFLAGS=",
        ]
        let build = ["/usr/bin/env", "-C", source] + settings + ["go", "build", "-o", go, "."]
        try #require(try run(build) == 0)
        return [[go], [python, folder.appending(path: "log_verify.py").path]]
    }

    static func accepts(
        _ judge: [String],
        _ mode: String,
        _ path: String,
        _ key: String
    ) throws -> Bool {
        let status = try run(judge + [mode, path, key])
        try #require(status == 0 || status == 1)
        return status == 0
    }

    static func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "portcullis-judges-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer {
            do { try FileManager.default.removeItem(at: folder) } catch { Issue.record(error) }
        }
        try body(folder)
    }

    private static func run(_ command: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
