import Foundation
import Testing

/// The real `ssh-keygen`, in a folder of its own that is removed at the end.
struct SSHKeygen: ~Copyable {
    static let path = "/usr/bin/ssh-keygen"
    static let present = FileManager.default.isExecutableFile(atPath: path)
    static let reason: Comment = "no ssh-keygen at \(path)"

    private let folder: URL

    init() throws {
        let name = "portcullis-sshsig-\(UInt64.random(in: 0...UInt64.max))"
        folder = FileManager.default.temporaryDirectory.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    deinit {
        // A folder that stays behind in the temporary directory does no harm.
        do { try FileManager.default.removeItem(at: folder) } catch {}
    }

    /// Makes a key and gives its public half in wire form.
    func makeKey(_ name: String, type: String = "ed25519") throws -> [UInt8] {
        let file = folder.appending(path: name).path
        try run(["-q", "-t", type, "-N", "", "-C", name, "-f", file])
        let line = try String(contentsOfFile: file + ".pub", encoding: .utf8)
        let parts = line.split(separator: " ")
        return [UInt8](try #require(Data(base64Encoded: String(parts[1]))))
    }

    /// Signs and gives the binary blob inside the armour.
    func sign(
        _ message: [UInt8],
        key: String,
        namespace: String,
        hash: String = "sha512"
    ) throws -> [UInt8] {
        let file = folder.appending(path: "message-\(UInt64.random(in: 0...UInt64.max))")
        try Data(message).write(to: file)
        let keyFile = folder.appending(path: key).path
        try run([
            "-Y", "sign", "-n", namespace, "-O", "hashalg=\(hash)", "-f", keyFile, file.path,
        ])
        let armoured = try String(contentsOfFile: file.path + ".sig", encoding: .utf8)
        let lines = armoured.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        return [UInt8](try #require(Data(base64Encoded: lines.joined())))
    }

    private func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "ssh-keygen \(arguments)")
    }
}
