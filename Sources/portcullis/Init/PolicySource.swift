private import Bitcoin
private import FoundationEssentials
import Front
import Policy
import PolicyLanguage

/// The policy that a new home is made for.
struct PolicySource {
    let path: String
    /// The network that was asked for, if one was.
    let network: NetworkName?
    let text: String

    init(path: String, network: NetworkName?) throws(FrontError) {
        self.path = path
        self.network = network
        let bytes = try Files.read(path, limit: PolicyCompiler.sourceByteCountMax)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Self.refused("\(path) is not UTF-8 text", remedy: "save it as UTF-8")
        }
        self.text = text
    }

    /// Compiles it into the home; whether an admin key had to be made.
    /// `front` is the uid that the front runs as.
    func compile(
        into home: Home,
        front: UInt32,
        _ output: Output
    ) throws(FrontError) -> Bool {
        let model = try readModel()
        let namesAdmins = !model.adminKeys.isEmpty
        if let named = model.requesters["front"], named != front {
            throw Self.refused(
                "\(path) says that the front asks as uid \(named), and here it is uid \(front): "
                    + "its rules would be about somebody else",
                remedy: "write front = \(front) under [requesters], or give --front-uid \(named)"
            )
        }
        var admins: [[UInt8]] = []
        if !namesAdmins {
            guard network?.isThrowAway ?? false else {
                throw Self.refused(
                    "\(path) names no admin, so nobody could ever refill or recover",
                    remedy: "put the SSH public keys of the admins into the policy"
                )
            }
            try SSHKeygen.makeKey(at: home.adminKey)
            admins = [try Self.wireKey(home.adminKey + ".pub")]
        }
        let bundle: [UInt8]
        do {
            bundle = try PolicyCompiler.compile(source: text, admins: admins)
        } catch {
            throw wrong(error)
        }
        try requireEnforced(bundle)
        try Files.write(bundle, to: home.bundle, mode: 0o644)
        try Files.write([UInt8](text.utf8), to: home.policySource, mode: 0o644)
        try sayBounds(bundle, output)
        return !namesAdmins
    }

    /// Compiles it without a home, as `init` would with the admins that it names.
    func compile() throws(FrontError) -> [UInt8] {
        _ = try readModel()
        do {
            return try PolicyCompiler.compile(source: text)
        } catch {
            throw wrong(error)
        }
    }

    /// What it says; it must be for the network that was asked for.
    private func readModel() throws(FrontError) -> PolicyModel {
        do {
            let model = try PolicyCompiler.read(text)
            let named = "\(model.network.name)"
            if let network, named != network.rawValue {
                throw Self.refused(
                    "\(path) is a policy for \(named), not for \(network.rawValue)",
                    remedy: "name the same network in both places"
                )
            }
            return model
        } catch let error as FrontError {
            throw error
        } catch let error as PolicyError {
            throw wrong(error)
        } catch {
            throw .failed("\(error)")
        }
    }

    /// No home for a policy with a condition that nobody would hold a payment to.
    private func requireEnforced(_ bytes: [UInt8]) throws(FrontError) {
        let unenforced: [String]
        do throws(BundleError) {
            unenforced = BundleText.unenforced(in: try CheckedBundle(checking: bytes.span))
        } catch {
            throw .failed("the compiled policy cannot be read back: \(error)")
        }
        guard unenforced.isEmpty else {
            throw Self.refused(
                "\(path) asks for what signer and gate do not enforce yet: "
                    + unenforced.joined(separator: "; "),
                remedy: "leave it out, or wait for the version that enforces it"
            )
        }
    }

    private func sayBounds(_ bundle: [UInt8], _ output: Output) throws(FrontError) {
        do {
            output.say(WorstCase(of: try CheckedBundle(checking: bundle.span)).lines)
        } catch {
            throw .failed("the compiled policy cannot be read back: \(error)")
        }
    }

    private func wrong(_ error: PolicyError) -> FrontError {
        Self.refused("\(path): \(error.description)", remedy: "see policies/README.md")
    }

    private static func refused(_ message: String, remedy: String) -> FrontError {
        .refused(
            RefusalReport(.policyInvalid, message: message, remedy: remedy)
        )
    }

    /// The key in the second field of a line in authorized_keys form.
    private static func wireKey(_ path: String) throws(FrontError) -> [UInt8] {
        let line = String(decoding: try Files.read(path, limit: 1 << 16), as: UTF8.self)
        let fields = line.split(separator: " ")
        guard fields.count >= 2, let key = Data(base64Encoded: String(fields[1])) else {
            throw .failed("\(path) is not a public key of OpenSSH")
        }
        return [UInt8](key)
    }
}
