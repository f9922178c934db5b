import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Wallet

/// Puts the keys that a new signer has derived into a wallet of its policy, and holds the policy's
/// own word on them against them.
struct WalletFilling {
    let wallet: BundleFacts.Wallet
    let network: Network
    /// Of the signer's master key.
    let fingerprint: Bytes4
    /// Those of the template's own keys, in its order.
    let keys: [ExtendedPublicKey]
    /// Those of all wallets.
    let allOwnKeys: [ExtendedPublicKey]

    func registered(_ curve: borrowing Curve) throws(FrontError) -> RegisteredWallet {
        let byPath = try keysByPath()
        let (written, filled): (OutputDescriptor, OutputDescriptor)
        do throws(DescriptorError) {
            written = try OutputDescriptor(wallet.descriptor, network: network, curve: curve)
            filled = try written.foldingOwnSteps().filling { path in
                byPath[path].map { key in
                    (key, KeyDerivation(fingerprint: fingerprint, path: path))
                }
            }
        } catch {
            throw .failed("wallet \(wallet.name) cannot be read back: \(error)")
        }
        try checkClaims(written, byPath, curve)
        try checkOthers(written, curve)
        try checkFindings(filled)
        return try register(filled, curve)
    }

    private func keysByPath() throws(FrontError) -> [[UInt32]: ExtendedPublicKey] {
        let paths = wallet.template.keys.compactMap { key -> [UInt32]? in
            if case .own(let path, _) = key { path } else { nil }
        }
        guard keys.count == paths.count else {
            throw .failed("the signer derived \(keys.count) keys for wallet \(wallet.name)")
        }
        return Dictionary(zip(paths, keys)) { first, _ in first }
    }

    private func register(
        _ filled: OutputDescriptor,
        _ curve: borrowing Curve
    ) throws(FrontError) -> RegisteredWallet {
        let found: RegisteredWallet
        do throws(TemplateError) {
            let origins = filled.keys.flatMap(\.participants).compactMap(\.origin)
            let own = origins.filter { $0.fingerprint == fingerprint }.map(\.path)
            found = try RegisteredWallet(
                name: wallet.name,
                descriptor: filled,
                own: OwnKeys(fingerprint: fingerprint, paths: Set(own)),
                indexMax: wallet.template.indexMax,
                curve: curve
            )
        } catch {
            throw .failed("wallet \(wallet.name) cannot be read back: \(error)")
        }
        guard found.template == wallet.template else {
            throw .failed("wallet \(wallet.name) has another template than the policy says")
        }
        return found
    }

    /// What the policy says to be a key of the signer must be one, and be known to be one.
    private func checkClaims(
        _ written: OutputDescriptor,
        _ byPath: [[UInt32]: ExtendedPublicKey],
        _ curve: borrowing Curve
    ) throws(FrontError) {
        for key in written.keys.flatMap(\.participants) {
            guard let origin = key.origin, origin.fingerprint == fingerprint else { continue }
            let claim = try KeyClaim(key, origin, wallet.name, curve)
            guard let derived = byPath[claim.path] else {
                throw Self.refused(
                    "wallet \(wallet.name) has a key with this signer's fingerprint that the "
                        + "policy does not call its own",
                    remedy:
                        "put fingerprint = \"\(fingerprint.hexDigits)\" at the top of the policy"
                )
            }
            guard claim.isKey(derived) else {
                throw Self.refused(
                    "wallet \(wallet.name) says that m/\(KeyPath.text(origin.path)) of this signer "
                        + "is a key that it is not",
                    remedy: "write self/\(KeyPath.text(origin.path)), or restore the right words"
                )
            }
        }
    }

    /// No two wallets may have an address in common: the limits of each would count only a part of
    /// what leaves. And no key may stand for two.
    static func requireOwnOutputs(
        _ wallets: [RegisteredWallet],
        _ curve: borrowing Curve
    ) throws(FrontError) {
        var owners = OutputOwners(wallets.map(\.descriptor))
        for wallet in wallets {
            let name = wallet.name
            let clash: OutputOwners.Clash?
            do throws(DescriptorError) {
                clash = try owners.add(wallet.descriptor, of: name, curve: curve)
            } catch {
                throw .failed("wallet \(name) has no address: \(error)")
            }
            switch clash {
            case nil: continue
            case .address(name):
                throw refused(
                    "two branches of wallet \(name) have an address in common",
                    remedy: "give every key branches of its own"
                )
            case .address(let other):
                throw refused(
                    "the wallets \(other) and \(name) have an address in common",
                    remedy: "keep one of the two"
                )
            case .key(let key):
                throw refused(
                    "in wallet \(name) \(key) is another of its keys at some address",
                    remedy: "give every cosigner a key of its own"
                )
            }
        }
    }

    /// What is known to speak against a wallet once its own keys are filled in.
    private func checkFindings(_ filled: OutputDescriptor) throws(FrontError) {
        let findings = filled.findings(ownFingerprint: fingerprint)
        if let finding = findings.first(where: \.preventsRegistration) {
            throw Self.refused(
                "wallet \(wallet.name): \(finding)",
                remedy: "change its descriptor in the policy"
            )
        }
    }

    /// A key of others must not be one that this signer has: it would be two cosigners.
    private func checkOthers(
        _ written: OutputDescriptor,
        _ curve: borrowing Curve
    ) throws(FrontError) {
        let own = Set(allOwnKeys.map(\.identity))
        for key in written.keys.flatMap(\.participants) {
            guard key.origin?.fingerprint != fingerprint, case .extended(let root) = key.source
            else { continue }
            var found = [root.identity]
            do throws(CryptoError) {
                var node = root
                for step in key.sharedSteps {
                    node = try node.child(step, curve: curve)
                    found.append(node.identity)
                }
            } catch {
                throw .failed("a key of wallet \(wallet.name) cannot be derived: \(error)")
            }
            guard own.isDisjoint(with: found) else {
                throw Self.refused(
                    "wallet \(wallet.name) gives \(key.text(network: network)) as a cosigner's "
                        + "key, but it is this signer's own",
                    remedy: "put the cosigner's key there"
                )
            }
        }
    }

    private static func refused(_ message: String, remedy: String) -> FrontError {
        .refused(RefusalReport(.policyInvalid, message: message, remedy: remedy))
    }
}

/// A key that a descriptor says to be the signer's, with the steps that every output shares.
private struct KeyClaim {
    let path: [UInt32]
    private let key: [UInt8]
    private let chainCode: Bytes32?
    private let isXOnly: Bool

    init(
        _ expression: KeyExpression,
        _ origin: KeyDerivation,
        _ wallet: String,
        _ curve: borrowing Curve
    ) throws(FrontError) {
        let steps = expression.sharedSteps
        path = origin.path + steps
        switch expression.source {
        case .fixed(let fixed): (key, chainCode, isXOnly) = (fixed.bytes, nil, fixed.isXOnly)
        case .extended(let root):
            do throws(CryptoError) {
                var found = root
                for step in steps { found = try found.child(step, curve: curve) }
                (key, chainCode, isXOnly) = (found.key.array, found.chainCode, false)
            } catch {
                throw .failed("a key of wallet \(wallet) cannot be derived: \(error)")
            }
        case .own, .secret, .aggregate: preconditionFailure("only these two have an origin")
        }
    }

    func isKey(_ derived: ExtendedPublicKey) -> Bool {
        let skipped = isXOnly ? 1 : 0
        return derived.key.array.dropFirst(skipped) == key.dropFirst(skipped)
            && (chainCode == nil || chainCode == derived.chainCode)
    }
}

extension ExtendedPublicKey {
    /// What the keys below it follow from.
    fileprivate var identity: [UInt8] { key.array + chainCode.array }
}

extension WalletFacts {
    /// What is told of a wallet.
    init(_ wallet: RegisteredWallet, network: Network) throws(FrontError) {
        let descriptor = wallet.descriptor
        let own = descriptor.keys.flatMap(\.participants).filter { wallet.own.path(of: $0) != nil }
        guard let first = own.first, let origin = first.origin else {
            throw .failed("wallet \(wallet.name) has no key of the signer")
        }
        let (receive, change): (OutputDescriptor, OutputDescriptor)
        do throws(DescriptorError) {
            receive = try descriptor.atPlace(0)
            change = try descriptor.atPlace(wallet.branchCount - 1)
        } catch {
            throw .failed("wallet \(wallet.name) has no branches: \(error)")
        }
        var branches: [UInt32] = []
        if case .many(let numbers) = first.steps.last { branches = numbers }
        if case .one(let number) = first.steps.last { branches = [number] }
        var paths: [String] = []
        for path in own.compactMap(\.origin?.path).map(KeyPath.text) where !paths.contains(path) {
            paths.append(path)
        }
        self.init(
            name: wallet.name,
            id: wallet.id.hexDigits,
            kind: wallet.kind.words,
            fingerprint: origin.fingerprint.hexDigits,
            account: "m/" + KeyPath.text(origin.path),
            xpub: first.accountText(network),
            receive: receive.textWithChecksum,
            change: change.textWithChecksum,
            branches: branches,
            indexMax: wallet.indexMax,
            descriptor: descriptor.textWithChecksum,
            ownKeys: paths
        )
    }
}

extension KeyExpression {
    /// The key without origin and steps.
    fileprivate func accountText(_ network: Network) -> String {
        switch source {
        case .extended(let key): ExtendedKeyText.write(key, network: network)
        case .fixed(let key): key.bytes.hexDigits
        case .own, .secret, .aggregate: rootText(network: network)
        }
    }
}

extension OutputKind {
    /// The functions of a descriptor around its keys or scripts.
    package var words: String {
        switch self {
        case .p2wpkh: "wpkh"
        case .p2tr, .p2trTree: "tr"
        case .p2pkh: "pkh"
        case .p2shP2WPKH: "sh(wpkh)"
        case .p2shScript: "sh"
        case .p2wshScript: "wsh"
        case .p2shP2WSHScript: "sh(wsh)"
        }
    }
}
