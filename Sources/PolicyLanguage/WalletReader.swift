import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Wallet

extension SourceReader {
    private static let fingerprintForm =
        "the first 8 hex digits that `portcullis wallet list` shows: fingerprint = \"f5acc2fd\""

    private var ownNodeCountMax: Int { WalletRecord.ownNodeCountMax }

    mutating func readWallets() throws(PolicyError) {
        let reader = WalletReader(network: network, fingerprint: try readFingerprint())
        for (name, table) in try root.namedTables("wallets") {
            wallets.append(try reader.read(name, table, besides: wallets))
        }
        guard !wallets.isEmpty else {
            throw root.error(
                "wallets",
                found: "no wallet",
                expected: "a table [wallets.NAME] with a descriptor"
            )
        }
        guard wallets.count <= BundleLayout.walletCountMax else {
            throw root.error("wallets", found: "\(wallets.count) wallets", expected: "at most 64")
        }
        let (count, most) = (wallets.map(\.template.ownNodeCount).reduce(0, +), ownNodeCountMax)
        guard count <= most else {
            throw root.error(
                "wallets",
                found: "own keys with \(count) branches in all",
                expected: "at most \(most): fewer wallets, own keys or branches <0;1;…>"
            )
        }
        try reader.requireOwnOutputs(wallets, root)
    }

    /// The fingerprint of the signer's master key, for descriptors that name its keys by it.
    private func readFingerprint() throws(PolicyError) -> Bytes4? {
        let form = Self.fingerprintForm
        guard let text = try root.optionalString("fingerprint", form: form) else { return nil }
        guard text.utf8.count == 8, let bytes = hexBytes(text[...]) else {
            throw root.error("fingerprint", found: "\"\(text)\"", expected: form)
        }
        return Bytes4(copying: bytes.span)
    }
}

/// Reads wallets: the descriptor into the template that the signer fills, and refuses what nobody
/// should sign for.
struct WalletReader: ~Copyable {
    let network: Network
    let fingerprint: Bytes4?
    private let curve: Curve

    init(network: Network, fingerprint: Bytes4?) {
        self.network = network
        self.fingerprint = fingerprint
        do throws(CryptoError) {
            curve = try Curve(blindingSeed: nil)
        } catch {
            preconditionFailure("the curve library gives no context")
        }
    }

    func read(
        _ name: String,
        _ table: SourceTable,
        besides others: [PolicyModel.Wallet]
    ) throws(PolicyError) -> PolicyModel.Wallet {
        try table.allowOnly(["descriptor", "index_max"])
        let coin = network.coinType
        let form = "a descriptor such as \"wpkh(self/84h/\(coin)h/0h/<0;1>/*)\""
        let text = try table.string("descriptor", form: form)
        let indexMax =
            table.contains("index_max") ? try table.integer("index_max", in: 0...0x7FFF_FFFF) : nil
        let (output, template): (OutputDescriptor, WalletTemplate)
        do throws(TemplateError) {
            (output, template) = try compile(
                text,
                indexMax.map { UInt32($0) } ?? PolicyCompiler.indexMaxUsual
            )
        } catch {
            throw table.error("descriptor", found: "\"\(text)\" (\(error))", expected: form)
        }
        let branchCount = output.placeCount
        guard !template.kind.isOfOneKey || branchCount == 2 else {
            throw table.error(
                "descriptor",
                found: "\(branchCount) branches",
                expected: "one for receiving and one for change: /<0;1>/*"
            )
        }
        if let twin = others.first(where: { $0.template.isTwin(of: template) }) {
            throw table.error(
                "descriptor",
                found: "the account of wallet \(twin.name) again",
                expected: "an account of its own, so that its limits count all that leaves it"
            )
        }
        return PolicyModel.Wallet(
            name: name,
            template: template,
            output: output,
            descriptor: text.split(separator: "#").first.map { String($0) } ?? text
        )
    }

    private func compile(
        _ text: String,
        _ indexMax: UInt32
    ) throws(TemplateError) -> (OutputDescriptor, WalletTemplate) {
        let output: OutputDescriptor
        do throws(DescriptorError) {
            output = try OutputDescriptor(text, network: network, curve: curve)
        } catch {
            throw .key(error)
        }
        let own = OwnKeys(fingerprint: fingerprint)
        let template = try output.template(own: own, indexMax: indexMax, curve: curve)
        let findings = output.findings(ownFingerprint: fingerprint).filter(\.preventsRegistration)
        if let finding = findings.first { throw .finding(finding) }
        return (output, template)
    }

    /// Refuses two wallets with an address in common, however differently they are written: the
    /// limits of each would count only half of what leaves; and keys of one that are the same. A
    /// made-up key stands in place of each own one that is not known yet.
    func requireOwnOutputs(
        _ wallets: [PolicyModel.Wallet],
        _ root: SourceTable
    ) throws(PolicyError) {
        let own = OwnKeys(fingerprint: fingerprint)
        var known: [[UInt32]: ExtendedPublicKey] = [:]
        for key in wallets.flatMap(\.output.keys).flatMap(\.participants) {
            guard let path = own.path(of: key), case .extended(let extended) = key.source else {
                continue
            }
            known[path] = extended
        }
        var owners = OutputOwners(wallets.map(\.output))
        for wallet in wallets {
            let clash: OutputOwners.Clash?
            do throws(DescriptorError) {
                let filled = try wallet.output.filling { path in
                    let key = known[path] ?? MadeUpKey.of(path, curve: curve)
                    return (key, KeyDerivation(fingerprint: fingerprint ?? .zero, path: path))
                }
                clash = try owners.add(filled, of: wallet.name, curve: curve)
            } catch {
                throw root.error(
                    "wallets.\(wallet.name)",
                    found: "a key that nothing derives from (\(error))",
                    expected: "another key"
                )
            }
            switch clash {
            case nil: continue
            case .address(wallet.name):
                throw root.error(
                    "wallets.\(wallet.name)",
                    found: "an address that stands on two of its branches",
                    expected: "branches without an address in common"
                )
            case .address(let other):
                throw root.error(
                    "wallets.\(wallet.name)",
                    found: "an address that wallet \(other) has too",
                    expected: "wallets without an address in common"
                )
            case .key(let key):
                throw root.error(
                    "wallets.\(wallet.name)",
                    found: "\(key), which is another of its keys at some address",
                    expected: "keys that are different at every address"
                )
            }
        }
    }
}

/// A key for each path, which nobody holds: only which paths are equal can be seen by it.
private enum MadeUpKey {
    static func of(_ path: [UInt32], curve: borrowing Curve) -> ExtendedPublicKey {
        var bytes: [UInt8] = []
        for step in path { bytes.append(number: step) }
        let parent = ExtendedPublicKey(
            depth: 0,
            parentFingerprint: .zero,
            childNumber: 0,
            chainCode: SHA256.hash(bytes.span),
            key: point
        )
        do throws(CryptoError) {
            return try parent.child(0, curve: curve)
        } catch {
            preconditionFailure("no path is known whose child is no key")
        }
    }

    /// H of BIP-341, whose logarithm nobody knows.
    private static var point: Bytes33 {
        let bytes = [2] + OutputDescriptor.unspendablePoint
        return Bytes33(copying: bytes.span)
    }
}

extension WalletTemplate {
    /// The private keys that the signer keeps for it: one for each branch of an own key.
    fileprivate var ownNodeCount: Int {
        var count = 0
        for key in keys {
            switch key {
            case .own(_, .branches(let branches)): count += branches.count
            case .own(_, .index), .own(_, .itself): count += 1
            case .extended, .fixed, .aggregate: continue
            }
        }
        return count
    }

    /// Whether kind, keys and scripts are the other's, whatever the branches below the keys.
    fileprivate func isTwin(of other: WalletTemplate) -> Bool {
        kind == other.kind && leaves == other.leaves
            && keys.map(\.withoutChildren) == other.keys.map(\.withoutChildren)
    }
}

extension WalletTemplate.Key {
    fileprivate var withoutChildren: WalletTemplate.Key {
        switch self {
        case .own(let path, _): .own(path: path, .itself)
        case .extended(let chainCode, let key, _):
            .extended(chainCode: chainCode, key: key, .itself)
        case .fixed: self
        case .aggregate(let places, _): .aggregate(of: places, .itself)
        }
    }
}
