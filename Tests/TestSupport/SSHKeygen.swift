import Foundation
package import Testing

/// The real `ssh-keygen`, in a folder of its own that is removed at the end.
package struct SSHKeygen: ~Copyable {
    package static let path = "/usr/bin/ssh-keygen"
    package static let present = FileManager.default.isExecutableFile(atPath: path)
    package static let reason: Comment = "no ssh-keygen at \(path)"

    private let folder: URL

    package init() throws {
        let name = "portcullis-sshsig-\(UInt64.random(in: 0...UInt64.max))"
        folder = FileManager.default.temporaryDirectory.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    deinit {
        // A folder that stays behind in the temporary directory does no harm.
        do { try FileManager.default.removeItem(at: folder) } catch {}
    }

    /// Makes a key and gives its public half in wire form.
    package func makeKey(_ name: String, type: String = "ed25519") throws -> [UInt8] {
        let file = folder.appending(path: name).path
        try run(["-q", "-t", type, "-N", "", "-C", name, "-f", file])
        let line = try String(contentsOfFile: file + ".pub", encoding: .utf8)
        let parts = line.split(separator: " ")
        return [UInt8](try #require(Data(base64Encoded: String(parts[1]))))
    }

    /// Signs and gives the binary blob inside the armour.
    package func sign(
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

    /// Whether `ssh-keygen -Y verify` takes the signature; `keys` are lines of .pub files by name.
    package func isTaken(
        _ blob: [UInt8],
        of message: [UInt8],
        _ namespace: String,
        _ keys: [String: [String]]
    ) throws -> Bool {
        let name = "judged-\(UInt64.random(in: 0...UInt64.max))"
        let (signature, signers) = (folder.appending(path: name), folder.appending(path: "signers"))
        let text = Data(blob).base64EncodedString(options: .lineLength76Characters)
            .replacingOccurrences(of: "\r", with: "")
        let armour = "-----BEGIN SSH SIGNATURE-----\n\(text)\n-----END SSH SIGNATURE-----\n"
        try Data(armour.utf8).write(to: signature)
        let lines = keys.flatMap { name, lines in lines.map { "\(name) \($0)\n" } }.joined()
        try Data(lines.utf8).write(to: signers)
        let file = folder.appending(path: "\(name).text")
        try Data(message).write(to: file)
        return try keys.keys.contains { who in
            let arguments = [
                "-Y", "verify", "-f", signers.path, "-I", who, "-n", namespace, "-s",
                signature.path,
            ]
            return try status(arguments, input: FileHandle(forReadingFrom: file)) == 0
        }
    }

    private func run(_ arguments: [String]) throws {
        let found = try status(arguments, input: FileHandle.nullDevice)
        try #require(found == 0, "ssh-keygen \(arguments)")
    }

    private func status(_ arguments: [String], input: FileHandle) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.path)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
