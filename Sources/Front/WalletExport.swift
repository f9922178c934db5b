private import Bitcoin
private import BitcoinCrypto
import FoundationEssentials
import Wallet

/// The forms in which other programs take a wallet to watch.
package enum ExportFormat: String, CaseIterable, Sendable {
    case descriptors, core, bip129, electrum, sparrow, specter, coldcard

    /// Who takes it, for a person.
    package var readers: String {
        switch self {
        case .descriptors: "BDK, Bitcoin Core and others"
        case .core: "Bitcoin Core's importdescriptors"
        case .bip129: "coordinators that know BSMS (BIP-129)"
        case .electrum: "Electrum"
        case .sparrow: "Sparrow"
        case .specter: "Specter"
        case .coldcard: "Coldcard and others that read its multisig files"
        }
    }
}

/// A wallet, written for another program. Nothing in it is secret.
package struct WalletExport {
    private let wallet: RegisteredWallet
    private let keys: WalletKeys

    package init(_ name: String, _ keys: WalletKeys) throws(FrontError) {
        wallet = try keys.wallet(named: name)
        self.keys = keys
    }

    /// The text of a file. `timestamp` is for Core: when the wallet's first coin can have come.
    package func text(
        _ format: ExportFormat,
        timestamp: UInt64?
    ) throws(FrontError) -> String {
        switch format {
        case .descriptors:
            return ([wallet.descriptor] + (try branches())).map(\.textWithChecksum).unique
                .joined(separator: "\n") + "\n"
        case .core: return try json(core(timestamp))
        case .bip129: return try bsms()
        case .electrum: return try json(try electrum())
        case .sparrow: return try sparrow()
        case .specter: return try json(specter())
        case .coldcard: return try coldcard()
        }
    }

    /// The descriptor of each branch.
    private func branches() throws(FrontError) -> [OutputDescriptor] {
        var found: [OutputDescriptor] = []
        do throws(DescriptorError) {
            for place in 0..<wallet.branchCount {
                found.append(try wallet.descriptor.atPlace(place))
            }
        } catch {
            throw .failed("wallet \(wallet.name) has no branches: \(error)")
        }
        return found
    }

    private func firstAddress() throws(FrontError) -> String {
        try keys.address(Ownership(wallet: wallet.name, branch: 0, index: 0)).address
    }

    private func json(_ document: some Encodable) throws(FrontError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
        } catch {
            throw .failed("the wallet cannot be written as JSON")
        }
    }

    private func other(_ format: ExportFormat, _ what: String) -> FrontError {
        .usage("--format \(format.rawValue): \(format.readers) cannot take \(wallet.name): \(what)")
    }
}

extension [String] {
    fileprivate var unique: [String] {
        var found: [String] = []
        for text in self where !found.contains(text) { found.append(text) }
        return found
    }
}

/// One request of `importdescriptors`.
private struct CoreImport: Encodable {
    var desc: String
    var active: Bool?
    var `internal`: Bool?
    var range: [UInt32]?
    var timestamp: CoreTime
}

private enum CoreTime: Encodable {
    case now
    case seconds(UInt64)

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .now: try container.encode("now")
        case .seconds(let seconds): try container.encode(seconds)
        }
    }
}

/// Descriptors for programs that know them.
extension WalletExport {
    /// Core keeps one active descriptor of a kind for receiving and one for change; of a wallet
    /// with other branches none is active.
    private func core(_ timestamp: UInt64?) throws(FrontError) -> [CoreImport] {
        let branches = try branches()
        let isActive = branches.count == 2 && wallet.descriptor.isRanged
        let time = timestamp.map { CoreTime.seconds($0) } ?? .now
        return branches.enumerated().map { place, branch in
            CoreImport(
                desc: branch.textWithChecksum,
                active: isActive ? true : nil,
                internal: branches.count == 2 ? place == 1 : nil,
                range: branch.isRanged ? [0, min(999, wallet.indexMax)] : nil,
                timestamp: time
            )
        }
    }

    /// BIP-129: version, template with `/**`, the branches of `/**`, the first address.
    private func bsms() throws(FrontError) -> String {
        let text = wallet.descriptor.text
        let isPlain = wallet.descriptor.keys.allSatisfy { key in
            key.wildcard == .none && key.steps.isEmpty
                || key.steps == [.many([0, 1])] && key.wildcard == .plain
        }
        guard isPlain, wallet.branchCount == 2 else {
            throw other(.bip129, "its keys have other branches than <0;1>")
        }
        let template = text.split(separator: "/<0;1>/*", omittingEmptySubsequences: false)
            .joined(separator: "/**")
        return """
            BSMS 1.0
            \(template)
            /0/*,/1/*
            \(try firstAddress())

            """
    }

    /// The paragraphs that Sparrow writes and reads as an output descriptor.
    private func sparrow() throws(FrontError) -> String {
        var parts = [
            "# Receive and change descriptor (BIP389):\n\(wallet.descriptor.textWithChecksum)\n"
        ]
        let branches = try branches()
        if branches.count == 2 {
            parts += [
                "# Receive descriptor (Bitcoin Core):\n\(branches[0].textWithChecksum)\n",
                "# Change descriptor (Bitcoin Core):\n\(branches[1].textWithChecksum)\n",
            ]
        }
        return parts.joined(separator: "\n")
    }

    private struct SpecterFile: Encodable {
        var label: String
        var blockheight: UInt32 = 0
        var descriptor: String
        var devices: [Device]

        struct Device: Encodable {
            var type = "other"
            var label: String
        }
    }

    /// Specter knows the receiving descriptor, and derives the other from it.
    private func specter() throws(FrontError) -> SpecterFile {
        guard let simple = SimpleWallet(wallet.descriptor, wallet.kind) else {
            throw other(.specter, "it is neither of one key nor sortedmulti with /<0;1>/*")
        }
        return SpecterFile(
            label: wallet.name,
            descriptor: try branches()[0].textWithChecksum,
            devices: simple.accounts.map { account in
                SpecterFile.Device(label: account.origin.fingerprint.hexDigits)
            }
        )
    }
}

/// Files of programs that know no descriptors.
extension WalletExport {
    private func coldcard() throws(FrontError) -> String {
        guard let simple = SimpleWallet(wallet.descriptor, wallet.kind),
            let threshold = simple.threshold
        else { throw other(.coldcard, "it is no sortedmulti with /<0;1>/*") }
        let format: String
        switch simple.kind {
        case .p2wshScript: format = "P2WSH"
        case .p2shP2WSHScript: format = "P2SH-P2WSH"
        case .p2shScript: format = "P2SH"
        case .p2wpkh, .p2tr, .p2pkh, .p2shP2WPKH, .p2trTree:
            throw other(.coldcard, "it is no multisig")
        }
        var lines = [
            "# Multisig setup file, written by portcullis",
            "Name: \(wallet.name.prefix(20))",
            "Policy: \(threshold) of \(simple.accounts.count)", "Format: \(format)",
        ]
        for account in simple.accounts {
            let path = account.origin.path.map { step in
                step < KeyPath.hardened ? "\(step)" : "\(step - KeyPath.hardened)'"
            }
            let xpub = ExtendedKeyText.write(account.key, network: keys.network)
            lines.append("")
            lines.append("Derivation: \((["m"] + path).joined(separator: "/"))")
            lines.append("\(account.origin.fingerprint.hexDigits.uppercased()): \(xpub)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func electrum() throws(FrontError) -> ElectrumFile {
        guard let simple = SimpleWallet(wallet.descriptor, wallet.kind),
            let version = simple.kind.electrumVersion(isMain: keys.network == .main)
        else { throw other(.electrum, "it is neither of one key nor sortedmulti with /<0;1>/*") }
        var stores: [String: ElectrumFile.Keystore] = [:]
        for (place, account) in simple.accounts.enumerated() {
            let path = (["m"] + account.origin.path.map(KeyPath.text(step:)))
            let name = simple.threshold == nil ? "keystore" : "x\(place + 1)/"
            stores[name] = ElectrumFile.Keystore(
                xpub: ExtendedKeyText.write(account.key, version: version),
                derivation: path.joined(separator: "/"),
                rootFingerprint: account.origin.fingerprint.hexDigits
            )
        }
        let type = simple.threshold.map { "\($0)of\(simple.accounts.count)" }
        return ElectrumFile(walletType: type ?? "standard", keystores: stores)
    }
}

/// A wallet file of Electrum as its version 4 opens it, and brings up to date itself.
private struct ElectrumFile: Encodable {
    struct Keystore: Encodable {
        let type = "bip32"
        let xpub: String
        let derivation: String
        let rootFingerprint: String
        let passwordHashVersion = 1

        enum CodingKeys: String, CodingKey {
            case type, xpub, derivation
            case rootFingerprint = "root_fingerprint"
            case passwordHashVersion = "pw_hash_version"
        }
    }

    let walletType: String
    let keystores: [String: Keystore]

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        try container.encode(walletType, forKey: Name("wallet_type"))
        try container.encode(false, forKey: Name("use_encryption"))
        try container.encode(50, forKey: Name("seed_version"))
        for (name, store) in keystores { try container.encode(store, forKey: Name(name)) }
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ text: String) { stringValue = text }
        init?(stringValue text: String) { stringValue = text }
        init?(intValue: Int) { nil }
    }
}

extension OutputKind {
    /// The version bytes by which Electrum tells what a key is for; nothing where it has none.
    fileprivate func electrumVersion(isMain: Bool) -> UInt32? {
        switch self {
        case .p2pkh, .p2shScript: isMain ? 0x0488_B21E : 0x0435_87CF
        case .p2shP2WPKH: isMain ? 0x049D_7CB2 : 0x044A_5262
        case .p2wpkh: isMain ? 0x04B2_4746 : 0x045F_1CF6
        case .p2shP2WSHScript: isMain ? 0x0295_B43F : 0x0242_89EF
        case .p2wshScript: isMain ? 0x02AA_7ED3 : 0x0257_5483
        case .p2tr, .p2trTree: nil
        }
    }
}
