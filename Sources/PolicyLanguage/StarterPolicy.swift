package import Bitcoin
import BitcoinCrypto
import Bytes
import Wallet

/// A whole policy to start from, for wallets that somebody has already. It allows what the open
/// example of policies/ allows, and says in comments what to tighten.
package struct StarterPolicy: Sendable {
    package struct Wallet: Equatable, Sendable {
        package let name: String
        package let descriptor: String

        package init(name: String, descriptor: String) {
            self.name = name
            self.descriptor = descriptor
        }
    }

    /// The policy, which compiles as it stands.
    package let text: String
    /// Of the signer's master key, where descriptors need it.
    package let fingerprint: String?
    /// The fingerprints that could be the signer's, where the descriptors do not say which one is:
    /// then the first was taken.
    package let candidates: [String]

    /// `admins` are lines as in authorized_keys; on main there must be one.
    package init(
        network: Network,
        wallets: [Wallet],
        fingerprint: String? = nil,
        admins: [String] = []
    ) throws(PolicyError) {
        try Self.checkNames(wallets)
        var masters: [MasterKeys] = []
        for wallet in wallets { masters.append(try MasterKeys(wallet, network)) }
        let candidates = try Self.candidates(masters)
        let named = fingerprint ?? candidates.first
        let isOneOf = masters.contains { !$0.hasSelf || $0.fingerprints.contains(named ?? "") }
        self.fingerprint = isOneOf ? named : nil
        self.candidates = fingerprint == nil && candidates.count > 1 ? candidates : []
        let writer = StarterText(
            network: network,
            wallets: wallets,
            fingerprint: self.fingerprint,
            candidates: self.candidates,
            admins: admins
        )
        text = writer.text
        do throws(PolicyError) {
            _ = try PolicyCompiler.compile(source: text)
        } catch {
            // The line is one of a text that nobody has seen.
            throw PolicyError(
                line: nil,
                key: error.key,
                found: error.found,
                expected: error.expected
            )
        }
    }

    private static func checkNames(_ wallets: [Wallet]) throws(PolicyError) {
        var names: Set<String> = []
        for wallet in wallets {
            guard Spelling.isName(wallet.name) else {
                throw PolicyError(
                    line: nil,
                    key: "wallets",
                    found: "the name \"\(wallet.name)\"",
                    expected: Spelling.nameForm
                )
            }
            guard names.insert(wallet.name).inserted else {
                throw PolicyError(
                    line: nil,
                    key: "wallets.\(wallet.name)",
                    found: "the name of another wallet",
                    expected: "a name of its own"
                )
            }
        }
    }

    /// The fingerprints that stand in every wallet which names no key as `self`, in the order of
    /// the first such wallet.
    private static func candidates(_ masters: [MasterKeys]) throws(PolicyError) -> [String] {
        let silent = masters.filter { !$0.hasSelf }
        guard let first = silent.first else { return [] }
        let common = first.fingerprints.filter { fingerprint in
            silent.allSatisfy { $0.fingerprints.contains(fingerprint) }
        }
        // Of a wallet that names no key at all the compiler says more.
        guard common.isEmpty, silent.allSatisfy({ !$0.fingerprints.isEmpty }) else {
            return common
        }
        throw PolicyError(
            line: nil,
            key: "wallets.\(first.name)",
            found: "no key written self/…, and no fingerprint that all such wallets have",
            expected: "the signer's own key, such as self/84h/\(first.coinType)h/0h or "
                + "[f5acc2fd/84h/\(first.coinType)h/0h]xpub…"
        )
    }
}

/// The master keys that a wallet's descriptor names.
private struct MasterKeys {
    let name: String
    let coinType: UInt32
    /// Whether a key is written `self/…`.
    let hasSelf: Bool
    /// Each once, in the order of the text.
    let fingerprints: [String]

    init(_ wallet: StarterPolicy.Wallet, _ network: Network) throws(PolicyError) {
        let descriptor: OutputDescriptor
        do throws(DescriptorError) {
            descriptor = try OutputDescriptor(
                wallet.descriptor,
                network: network,
                curve: Self.curve()
            )
        } catch {
            throw PolicyError(
                line: nil,
                key: "wallets.\(wallet.name).descriptor",
                found: "\"\(wallet.descriptor)\" (\(error))",
                expected: "a descriptor such as \"wpkh(self/84h/\(network.coinType)h/0h/<0;1>/*)\""
            )
        }
        var isSelf = false
        var found: [String] = []
        for key in descriptor.keys.flatMap(\.participants) {
            if case .own = key.source { isSelf = true }
            guard let origin = key.origin else { continue }
            let text = hexText(origin.fingerprint.array)
            if !found.contains(text) { found.append(text) }
        }
        (name, coinType, hasSelf, fingerprints) = (wallet.name, network.coinType, isSelf, found)
    }

    private static func curve() -> Curve {
        do throws(CryptoError) {
            return try Curve(blindingSeed: nil)
        } catch {
            preconditionFailure("the curve library gives no context")
        }
    }
}
