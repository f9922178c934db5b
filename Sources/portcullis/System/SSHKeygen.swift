import Front
import LocalSocket

/// OpenSSH's own tool makes admin keys and signatures; no key of an admin is read here.
enum SSHKeygen {
    private static func tool() throws(FrontError) -> String {
        guard let path = Environment.tool("ssh-keygen") else {
            throw .failed("ssh-keygen is missing: apt-get install openssh-client")
        }
        return path
    }

    /// Makes an Ed25519 key without a passphrase at `path`, and `path`.pub beside it.
    static func makeKey(at path: String) throws(FrontError) {
        try run(["-q", "-t", "ed25519", "-N", "", "-C", "portcullis admin", "-f", path])
    }

    /// Signs a text under the admins' namespace; the bytes inside the signature.
    static func sign(_ text: String, key: String) throws(FrontError) -> [UInt8] {
        guard Files.exists(key) else { throw .failed("there is no key at \(key)") }
        let folder = "/tmp/portcullis-sign-\(Processes.ownIdentifier)"
        try Files.makeFolder(folder, mode: 0o700)
        let file = folder + "/statement"
        defer {
            Files.remove(file)
            Files.remove(file + ".sig")
            Files.removeFolder(folder)
        }
        try Files.write([UInt8](text.utf8), to: file, mode: 0o600)
        try run(["-q", "-Y", "sign", "-n", AdminStatement.namespace, "-f", key, file])
        return try AdminStatement.signature(armored: Files.read(file + ".sig", limit: 1 << 20))
    }

    /// Runs the tool on our terminal: it may ask for the key's own passphrase or a touch.
    private static func run(_ arguments: [String]) throws(FrontError) {
        var program = ChildProgram(try tool(), arguments, descriptors: [0, 2, 2])
        program.environment = ["PATH=/usr/bin:/bin"]
        for name in ["HOME", "SSH_AUTH_SOCK", "TERM"] {
            if let value = Environment.value(name) {
                program.environment.append("\(name)=\(value)")
            }
        }
        let status = try Processes.wait(program.start())
        guard status == 0 else {
            throw .failed(
                "ssh-keygen did not do it (\(Processes.words(status))); it works only for a user "
                    + "that /etc/passwd knows, and this is user \(Processes.user)"
            )
        }
    }
}
