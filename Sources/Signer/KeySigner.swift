import Bitcoin
import BitcoinCrypto
import Bytes
import SecretMemory
import Wire

/// What is made with each key of a request.
enum KeyWork {
    case sign
    /// A signature whose nonce holds what the host contributed.
    case signOpened(HostNonce)
    /// The point of the nonce that such a signature starts from.
    case open(Bytes32)

    /// The bytes of one result.
    var byteCount: Int {
        switch self {
        case .sign, .signOpened: 64
        case .open: 33
        }
    }
}

/// One key of ours at one address, ready to sign.
struct KeySigner {
    private let key: WalletKey
    private let kind: OutputKind
    private let claim: OwnerClaim
    private let publicKey: Bytes33
    /// Of the node above, from which the private key derives.
    private let parentKey: Bytes33

    /// `place` is the key's among those of the wallet, which were derived for the input's claim.
    /// Nothing if it is not ours: nobody signs for others.
    init?(
        _ wallet: OwnWallet,
        _ input: RequestInput,
        place: Int,
        _ keys: borrowing PublicKeys
    ) {
        key = keys.key(at: wallet.firstKey + place)
        guard key.isOwn else { return nil }
        kind = wallet.kind
        claim = input.claim
        publicKey = keys.derivedKey(place)
        parentKey = keys.key(ofNode: key.node(claim.branch))
    }

    /// Writes what is asked of a digest to the front of `out`, as the key alone that `address` pays
    /// to, or in a script.
    @_lifetime(out: copy out)
    func make(
        _ work: KeyWork,
        _ digest: Bytes32,
        _ address: AddressScript?,
        _ secrets: inout HomeSecrets,
        _ curve: borrowing Curve,
        into out: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        switch work {
        case .sign:
            let signature = try sign(digest, address, &secrets, curve)
            out.store(signature.span, at: 0)
        case .signOpened(let host):
            let signature = try sign(digest, address, host, &secrets, curve)
            out.store(signature.span, at: 0)
        case .open(let commitment):
            let opening = try open(digest, address, commitment, &secrets, curve)
            out.store(opening.span, at: 0)
        }
    }

    private var scheme: SignatureScheme {
        kind == .p2tr || kind == .p2trTree ? .schnorr : .ecdsa
    }

    /// The point of the nonce that the signature under this commitment starts from.
    private func open(
        _ digest: Bytes32,
        _ address: AddressScript?,
        _ commitment: Bytes32,
        _ secrets: inout HomeSecrets,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> Bytes33 {
        defer {
            secrets.node.wipe()
            wipeStack()
        }
        try prepare(address, &secrets, curve)
        var room = secrets.node.mutableBytes
        return try curve.openNonce(scheme, digest: digest, commitment: commitment, room: &room)
    }

    /// Signs with a nonce that holds what the host contributed.
    private func sign(
        _ digest: Bytes32,
        _ address: AddressScript?,
        _ host: HostNonce,
        _ secrets: inout HomeSecrets,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> Bytes64 {
        defer {
            secrets.node.wipe()
            wipeStack()
        }
        try prepare(address, &secrets, curve)
        var key = publicKey
        if scheme == .schnorr, let address {
            var output = key.mutableSpan
            output.store(address.script.extracting(2...), at: 1)
        }
        var room = secrets.node.mutableBytes
        return try curve.sign(scheme, digest: digest, key: key, host: host, room: &room)
    }

    /// Leaves the secret that signs in the first half of `secrets.node`; the other half is room.
    private func prepare(
        _ address: AddressScript?,
        _ secrets: inout HomeSecrets,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        let node = secrets.node(key.node(claim.branch))
        try derive(secrets.branches, node, into: &secrets.node, curve)
        guard scheme == .schnorr, let address else { return }
        var room = secrets.node.mutableBytes
        try curve.tweakTaproot(
            &room,
            publicKey: publicKey,
            merkleRoot: kind == .p2trTree ? address.merkleRoot : nil
        )
    }

    /// Signs a digest, as the key alone that `address` pays to, or in a script.
    func sign(
        _ digest: Bytes32,
        _ address: AddressScript?,
        _ secrets: inout HomeSecrets,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> Bytes64 {
        defer {
            secrets.node.wipe()
            wipeStack()
        }
        let node = secrets.node(key.node(claim.branch))
        try derive(secrets.branches, node, into: &secrets.node, curve)
        return try sign(digest, address, secrets.node, curve)
    }

    private func sign(
        _ digest: Bytes32,
        _ address: AddressScript?,
        _ node: borrowing SecretBytes,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> Bytes64 {
        let secret = node.bytes.extracting(0..<32)
        switch kind {
        case .p2wpkh, .p2pkh, .p2shP2WPKH, .p2shScript, .p2wshScript, .p2shP2WSHScript:
            return try curve.signECDSA(digest: digest, secret: secret, publicKey: publicKey)
        case .p2tr, .p2trTree:
            guard let address else {
                return try curve.signTapscript(
                    digest: digest,
                    secret: secret,
                    publicKey: publicKey
                )
            }
            return try curve.signTaproot(
                digest: digest,
                secret: secret,
                publicKey: publicKey,
                merkleRoot: kind == .p2trTree ? address.merkleRoot : nil,
                outputKey: Bytes32(copying: address.script.extracting(2...))
            )
        }
    }

    /// Leaves the private key in the first half of `room`.
    private func derive(
        _ branches: borrowing SecretBytes,
        _ node: Range<Int>,
        into room: inout SecretBytes,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        let parent = branches.bytes.extracting(node)
        var child = room.mutableBytes
        guard key.takesIndex else { return child.store(parent, at: 0) }
        try HD.deriveChild(
            of: parent,
            parentPublicKey: parentKey,
            index: claim.index,
            into: &child,
            curve: curve
        )
    }
}
