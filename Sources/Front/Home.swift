package import FoundationEssentials

/// Where everything of one appliance lies (docs/cli.md, the home).
package struct Home: Equatable, Sendable {
    /// An absolute path without a slash at its end.
    package let path: String

    package init(path: String) {
        self.path = path
    }

    package var publicFolder: String { path + "/public" }
    package var bundle: String { publicFolder + "/bundle.bin" }
    package var policySource: String { publicFolder + "/policy.toml" }
    package var facts: String { publicFolder + "/home.json" }
    /// One verifier key a line, one line a log.
    package var logKeys: String { publicFolder + "/log.vkey" }
    package var signerFolder: String { path + "/signer" }
    package var keystore: String { signerFolder + "/keystore" }
    package var state: String { signerFolder + "/state" }
    package var gateFolder: String { path + "/gate" }
    package func logFolder(_ number: UInt32) -> String { gateFolder + "/log-\(number)" }
    package var runFolder: String { path + "/run" }
    package var operatorSocket: String { runFolder + "/operator.sock" }
    package var gateSocket: String { runFolder + "/gate.sock" }
    /// The gate's other one, for those who ask it themselves.
    package var clientsSocket: String { runFolder + "/clients.sock" }
    package var frontSocket: String { runFolder + "/front.sock" }
    package var controlSocket: String { runFolder + "/control.sock" }
    /// Held by the supervisor as long as it runs.
    package var upLock: String { runFolder + "/up.lock" }
    package var adminFolder: String { path + "/admin" }
    package var adminKey: String { adminFolder + "/admin" }

    /// The facts that `init` wrote down.
    package func readFacts() throws(FrontError) -> HomeFacts {
        guard let data = FileManager.default.contents(atPath: facts) else {
            throw .failed(
                "no home at \(path): \(facts) cannot be read. Make one with `portcullis init`."
            )
        }
        return try HomeFacts.read(data)
    }
}

/// What a home is, as far as everybody may know: public/home.json.
package struct HomeFacts: Codable, Equatable, Sendable {
    /// The users that the three processes run as, where `init` ran as root.
    package struct Users: Codable, Equatable, Sendable {
        package var signer: UInt32
        package var gate: UInt32
        package var front: UInt32
        /// The group whose members may ask the gate themselves. Nothing in homes of before: root.
        package var clients: UInt32?

        package init(signer: UInt32, gate: UInt32, front: UInt32, clients: UInt32?) {
            self.signer = signer
            self.gate = gate
            self.front = front
            self.clients = clients
        }
    }

    package static let currentVersion = 1

    package var version: Int
    package var network: String
    /// 32 bytes, hexadecimal.
    package var homeID: String
    /// Of the wallet's master key, hexadecimal.
    package var fingerprint: String
    /// The verifier key of log 0.
    package var auditKey: String
    /// 32 bytes, hexadecimal.
    package var policyHash: String
    package var wallets: [WalletFacts]
    package var users: Users?

    package init(
        network: String,
        homeID: String,
        fingerprint: String,
        auditKey: String,
        policyHash: String,
        wallets: [WalletFacts],
        users: Users?
    ) {
        version = Self.currentVersion
        self.network = network
        self.homeID = homeID
        self.fingerprint = fingerprint
        self.auditKey = auditKey
        self.policyHash = policyHash
        self.wallets = wallets
        self.users = users
    }

    /// Reads home.json.
    package static func read(_ data: Data) throws(FrontError) -> HomeFacts {
        let facts: HomeFacts
        do {
            facts = try JSONDecoder().decode(HomeFacts.self, from: data)
        } catch {
            throw .failed("public/home.json is not in the form that `portcullis init` writes")
        }
        guard facts.version == currentVersion else {
            throw .failed("public/home.json has version \(facts.version); this is another release")
        }
        return facts
    }

    /// What is written into home.json.
    package func json() throws(FrontError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(self)) + [0x0A]
        } catch {
            throw .failed("the facts of the home cannot be written as JSON")
        }
    }

    /// The wallet of that name.
    package func wallet(named name: String) throws(FrontError) -> WalletFacts {
        guard let found = wallets.first(where: { $0.name == name }) else {
            let names = wallets.map(\.name).joined(separator: ", ")
            throw .usage("no wallet is named \(name). There are: \(names)")
        }
        return found
    }
}
