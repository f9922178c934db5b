import Bitcoin
import Bytes
import Policy

/// The admins: SSH public keys as `ssh-keygen` writes them.
extension SourceReader {
    private static let form = "a line of a .pub file: \"ssh-ed25519 AAAA... name\""

    func readAdmins() throws(PolicyError) -> (threshold: Int?, keys: [[UInt8]]) {
        guard let table = try root.table("admins") else {
            guard network != .main else {
                throw root.error("admins", found: "no admins", expected: "[admins] on main")
            }
            return (nil, [])
        }
        try table.allowOnly(["threshold", "keys"])
        let lines =
            table.contains("keys") ? try table.strings("keys", form: "a list of SSH keys") : []
        guard !lines.isEmpty || network != .main else {
            throw table.error("keys", found: "no keys", expected: "\(Self.form), on main")
        }
        var keys: [[UInt8]] = []
        for line in lines {
            let key = try Self.key(line, table)
            guard !keys.contains(key) else {
                throw table.error("keys", found: "\"\(line)\" twice", expected: "each key once")
            }
            keys.append(key)
        }
        let threshold =
            table.contains("threshold") || !lines.isEmpty
            ? try table.integer("threshold", in: 1...max(1, keys.count)) : nil
        return (threshold, keys.sorted { $0.lexicographicallyPrecedes($1) })
    }

    private static func key(_ line: String, _ table: SourceTable) throws(PolicyError) -> [UInt8] {
        let parts = line.split(separator: " ")
        guard parts.count >= 2, parts[0] == "ssh-ed25519" else {
            throw table.error("keys", found: "\"\(line)\"", expected: "\(form) of type ed25519")
        }
        guard let key = SSHKeyText.wireForm(String(parts[1])) else {
            throw table.error("keys", found: "\"\(line)\"", expected: form)
        }
        return key
    }
}

/// The base64 text of an SSH public key.
package enum SSHKeyText {
    /// The wire form of an Ed25519 key (51 bytes), or nil if the text is not one.
    package static func wireForm(_ base64: String) -> [UInt8]? {
        guard let key = decode(base64) else { return nil }
        return SSHPublicKey.isEd25519(key.span) ? key : nil
    }

    /// The same of a key that may be an authenticator's.
    static func approverWireForm(_ base64: String) -> [UInt8]? {
        guard let key = decode(base64) else { return nil }
        let isKey = SSHPublicKey.isEd25519(key.span) || SSHPublicKey.isOfAuthenticator(key.span)
        return isKey ? key : nil
    }

    private static func decode(_ base64: String) -> [UInt8]? {
        let text = Array(base64.utf8)
        var key = [UInt8](repeating: 0, count: SSHPublicKey.byteCountMax)
        var room = key.mutableSpan
        var writer = ByteWriter(&room)
        do throws(ByteError) {
            try Base64.decode(text.span, into: &writer)
        } catch {
            return nil
        }
        let count = writer.count
        return Array(key[..<count])
    }
}
