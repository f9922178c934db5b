import Bitcoin
import BitcoinCrypto
import Bytes
import SecretMemory
import Wire

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
