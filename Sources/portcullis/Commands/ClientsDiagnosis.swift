import Front

extension Diagnosis {
    /// Who may ask the gate of a home, and as whom the front does; nothing where there is no home.
    static func clients(_ home: Home) -> [Diagnosis] {
        guard Files.exists(home.facts) else { return [] }
        let users: HomeFacts.Users?
        do {
            users = try home.readFacts().users
        } catch {
            return [clients(ok: false, found: error.message, remedy: "see what is in the home")]
        }
        guard let users else {
            let found = "one user for all processes, so every requester is that user"
            return [clients(ok: false, found: found, remedy: "in production run `init` as root")]
        }
        guard let group = users.clients else {
            return [
                clients(
                    ok: false,
                    found: "the front asks as \(users.front); clients.sock is for root alone",
                    remedy: "write \"clients\": 64104 into users of public/home.json"
                )
            ]
        }
        let name = name(ofGroup: group)
        return [
            clients(
                ok: name != nil,
                found: "the front asks as \(users.front); clients.sock is for group \(group)"
                    + (name.map { " (\($0))" } ?? ", which has no name and so no members"),
                remedy: "for `sign --direct`: groupadd --gid \(group) portcullis-clients"
            )
        ]
    }

    private static func clients(ok: Bool, found: String, remedy: String) -> Diagnosis {
        Diagnosis("clients", ok: ok, required: false, found: found, remedy: remedy)
    }

    /// As /etc/group has it: `name:password:number:members`.
    private static func name(ofGroup group: UInt32) -> String? {
        do {
            let text = String(
                decoding: try Files.read("/etc/group", limit: 16 << 20),
                as: UTF8.self
            )
            let lines = text.split(separator: "\n").map {
                $0.split(separator: ":", omittingEmptySubsequences: false)
            }
            return lines.first { $0.count > 2 && $0[2] == String(group) }.map { String($0[0]) }
        } catch {
            return nil
        }
    }
}
