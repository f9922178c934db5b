import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing
import Wallet
import Wire

/// A signer for the tests: it has a seed, and signs a resolved request as protocol.md, section 3
/// gives it, without looking at the PSBT that it came from.
final class TestSigner {
    let curve: Curve
    private let master: [UInt8]

    static let jade =
        "paddle puppy easily actor poet apart screen drastic city front predict damp"
    static let abandon = String(repeating: "abandon ", count: 11) + "about"

    init(_ mnemonic: String) throws {
        let curve = try Curve()
        var seed = [UInt8](repeating: 0, count: 64)
        var room = seed.mutableSpan
        try Mnemonic.seed(
            sentence: Array(mnemonic.utf8).span,
            passphrase: [UInt8]().span,
            into: &room
        )
        var node = [UInt8](repeating: 0, count: 64)
        var nodeRoom = node.mutableSpan
        try HD.master(seed: seed.span, into: &nodeRoom, curve: curve)
        master = node
        self.curve = curve
    }

    private func node(_ path: [UInt32]) throws -> [UInt8] {
        var node = master
        for index in path {
            var child = [UInt8](repeating: 0, count: 64)
            var room = child.mutableSpan
            try HD.deriveChild(
                of: node.span,
                parentPublicKey: nil,
                index: index,
                into: &room,
                curve: curve
            )
            node = child
        }
        return node
    }

    private func publicKey(_ path: [UInt32]) throws -> Bytes33 {
        let node = try node(path)
        return try curve.publicKey(ofSecret: node.span.extracting(0..<32))
    }

    private func fingerprint(_ path: [UInt32]) throws -> Bytes4 {
        let hash = hash160(try publicKey(path).span)
        return Bytes4(copying: hash.span.extracting(0..<4))
    }

    func secret(_ path: [UInt32]) throws -> [UInt8] { Array(try node(path).prefix(32)) }

    func der(_ signature: Bytes64) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 72)
        var room = bytes.mutableSpan
        var writer = ByteWriter(&room)
        try curve.writeDER(signature, into: &writer)
        let count = writer.count
        return Array(bytes[..<count])
    }

    func masterFingerprint() throws -> Bytes4 {
        try fingerprint([])
    }

    func extended(_ path: [UInt32]) throws -> ExtendedPublicKey {
        let node = try node(path)
        return ExtendedPublicKey(
            depth: UInt8(path.count),
            parentFingerprint: path.isEmpty ? .zero : try fingerprint(path.dropLast()),
            childNumber: path.last ?? 0,
            chainCode: Bytes32(copying: node.span.extracting(32..<64)),
            key: try publicKey(path)
        )
    }

    func wallet(
        _ name: String,
        _ kind: OutputKind,
        path: [UInt32],
        indexMax: UInt32 = 1_000_000
    ) throws -> RegisteredWallet {
        let origin = KeyDerivation(fingerprint: try masterFingerprint(), path: path)
        let key = KeyExpression(
            origin: origin,
            source: .extended(try extended(path)),
            steps: [.many([0, 1])],
            wildcard: .plain
        )
        let network: Network = path.count > 1 && path[1] == KeyPath.hardened ? .main : .test
        let form: OutputDescriptor.Form =
            switch kind {
            case .p2tr: .taproot(internalKey: 0, [])
            case .p2shP2WPKH: .nestedWitnessKeyHash(0)
            case _: .witnessKeyHash(0)
            }
        return try RegisteredWallet(
            name: name,
            descriptor: OutputDescriptor(network: network, form: form, keys: [key]),
            own: OwnKeys(fingerprint: origin.fingerprint, paths: [path]),
            indexMax: indexMax,
            curve: curve
        )
    }

    /// The signatures of a resolved request, one for each input.
    func sign(_ resolved: [UInt8], wallets: [RegisteredWallet]) throws -> [Bytes64] {
        let request = try ResolvedRequest(checking: resolved.span)
        var hasher = TransactionHasher(
            version: request.transactionVersion,
            lockTime: request.lockTime,
            inputCount: request.inputCount,
            outputCount: request.outputCount
        )
        var scripts: [[UInt8]] = []
        for index in 0..<request.inputCount {
            let input = request.input(at: index)
            let wallet = try owner(input, request.walletID(at: Int(input.claim.wallet)), wallets)
            scripts.append(try wallet.script(KeyPlace(input.claim), curve: curve))
            let script = scripts[index]
            hasher.addInput(SpentInput(input), script: script.span)
        }
        var outputs = request.outputs
        while let output = outputs.next() {
            hasher.addOutput(amount: output.amount, script: output.script)
        }
        let midstates = hasher.finish().midstates
        var signatures: [Bytes64] = []
        for index in 0..<request.inputCount {
            let input = request.input(at: index)
            let wallet = try owner(input, request.walletID(at: Int(input.claim.wallet)), wallets)
            signatures.append(try sign(input, index, wallet, midstates, script: scripts[index]))
        }
        return signatures
    }

    private func owner(
        _ input: RequestInput,
        _ id: Bytes32,
        _ wallets: [RegisteredWallet]
    ) throws -> RegisteredWallet {
        try #require(wallets.first { $0.id == id })
    }

    private func sign(
        _ input: RequestInput,
        _ index: Int,
        _ wallet: RegisteredWallet,
        _ midstates: SighashMidstates,
        script: [UInt8]
    ) throws -> Bytes64 {
        let path = wallet.derivation(KeyPlace(input.claim)).path
        let secret = try node(path)
        let key = try publicKey(path)
        switch wallet.kind {
        case .p2wpkh:
            try #require(input.sighash == 1)
            let keyHash = hash160(key.span)
            let digest = midstates.p2wpkhSighash(of: SpentInput(input), keyHash: keyHash)
            return try curve.signECDSA(digest: digest, secret: secret.span.extracting(0..<32))
        case .p2tr:
            let digest = try midstates.taprootSighash(
                at: index,
                of: SpentInput(input),
                script: script.span,
                type: SighashType(rawValue: UInt32(input.sighash))
            )
            return try curve.signTaproot(
                digest: digest,
                secret: secret.span.extracting(0..<32),
                publicKey: key,
                merkleRoot: nil,
                outputKey: Bytes32(copying: script.span.extracting(2..<34))
            )
        case .p2pkh, .p2shP2WPKH, .p2shScript, .p2wshScript, .p2shP2WSHScript, .p2trTree:
            throw CryptoError.invalidSignature
        }
    }
}

/// Of a wallet of one key.
extension RegisteredWallet {
    var account: ExtendedPublicKey {
        guard case .extended(let key) = descriptor.keys[0].source else {
            preconditionFailure("the wallets of the tests have extended keys")
        }
        return key
    }

    /// The way from the master key to the key at a place.
    func derivation(_ place: KeyPlace) -> KeyDerivation {
        guard let origin = descriptor.keys[0].origin else {
            preconditionFailure("the wallets of the tests have origins")
        }
        let path = origin.path + [UInt32(place.branch), place.index]
        return KeyDerivation(fingerprint: origin.fingerprint, path: path)
    }
}

extension KeyPlace {
    init(_ claim: OwnerClaim) {
        self.init(branch: claim.branch, index: claim.index)
    }
}

extension SpentInput {
    init(_ input: RequestInput) {
        self.init(
            txid: input.txid,
            vout: input.vout,
            sequence: input.sequence,
            amount: input.amount
        )
    }
}

/// Steps as text.
func path(_ text: String) -> [UInt32] {
    text.split(separator: "/").compactMap(KeyPath.step)
}
