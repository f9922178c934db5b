import Bitcoin
import BitcoinCrypto
import Bytes
import SecretMemory
import Wire

/// Signs the inputs of one request that was verified, logged and charged.
enum RequestSigner {
    /// The bytes of one signature.
    static let signatureByteCount = 64

    /// Writes `signature[64]*n` to the front of `room`. Every one is verified before it is written.
    @_lifetime(room: copy room)
    static func sign(
        _ request: borrowing ResolvedRequest,
        _ verified: VerifiedRequest,
        _ scripts: borrowing InputScripts,
        _ home: inout Home,
        into room: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        for place in 0..<request.inputCount {
            let input = request.input(at: place)
            let key = scripts.key(at: place)
            let branch = verified.wallet.firstBranch + Int(input.claim.branch)
            try derive(
                input.claim.index,
                branch,
                home.wallets.keys.key(ofBranch: branch),
                home.secrets.branches,
                &home.secrets.node,
                home.curve
            )
            let signature = try signature(
                verified,
                place,
                input,
                key,
                home.secrets.node,
                home.curve
            )
            home.secrets.node.wipe()
            wipeStack()
            room.store(signature.span, at: signatureByteCount * place)
        }
    }

    /// Leaves the private key of an address in the first half of `node`.
    private static func derive(
        _ index: UInt32,
        _ branch: Int,
        _ branchKey: Bytes33,
        _ branches: borrowing SecretBytes,
        _ node: inout SecretBytes,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        var child = node.mutableBytes
        try HD.deriveChild(
            of: branches.bytes.extracting(HD.nodeCount * branch..<HD.nodeCount * (branch + 1)),
            parentPublicKey: branchKey,
            index: index,
            into: &child,
            curve: curve
        )
    }

    private static func signature(
        _ verified: VerifiedRequest,
        _ place: Int,
        _ input: RequestInput,
        _ key: DerivedKey,
        _ node: borrowing SecretBytes,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> Bytes64 {
        let secret = node.bytes.extracting(0..<32)
        switch verified.wallet.kind {
        case .p2wpkh:
            return try curve.signECDSA(
                digest: verified.midstates.p2wpkhSighash(
                    of: SpentInput(input),
                    keyHash: Bytes20(copying: key.script.extracting(2...))
                ),
                secret: secret,
                publicKey: key.key
            )
        case .p2pkh, .p2shP2WPKH, .p2shScript, .p2wshScript, .p2shP2WSHScript, .p2trTree:
            throw .signingFailed
        case .p2tr:
            return try curve.signTaproot(
                digest: verified.midstates.taprootSighash(
                    at: place,
                    type: SighashType(rawValue: UInt32(input.sighash))
                ),
                secret: secret,
                publicKey: key.key,
                merkleRoot: nil,
                outputKey: Bytes32(copying: key.script.extracting(2...))
            )
        }
    }
}
