import BitcoinCrypto
import Bytes
package import LocalSocket
import Policy
import SecretMemory
import Wire

/// All that the signer needs of its home: policy, keystore, state file, and memory for keys that
/// are not there yet.
///
/// Made before the first confinement; from then on it opens nothing.
package struct Home: ~Copyable {
    let policy: BundleFile
    let keystore: Arena
    var state: StateFile
    var secrets: HomeSecrets
    var wallets: WalletTable
    let curve: Curve
}

extension Home {
    /// Reads bundle and keystore, takes the lock on the state file and reads it.
    package init(
        keystore keystoreFile: borrowing Descriptor,
        state stateFile: consuming Descriptor,
        bundle bundleFile: borrowing Descriptor
    ) throws(SignerStop) {
        let state = try StateFile(stateFile)
        let policy = try BundleFile(bundleFile)
        let keystore = try Self.readKeystore(keystoreFile)
        var secrets = try HomeSecrets(policy)
        let curve = try secrets.makeCurve()
        let wallets = try WalletTable(policy.bundle, curve)
        self.init(
            policy: policy,
            keystore: keystore,
            state: state,
            secrets: secrets,
            wallets: wallets,
            curve: curve
        )
    }

    static func readKeystore(_ file: borrowing Descriptor) throws(SignerStop) -> Arena {
        var memory = try Arena(needing: Keystore.byteCount)
        var room = memory.mutableBytes
        do throws(SocketError) {
            guard try file.fileSize() == Keystore.byteCount else { throw SocketError.ended(got: 0) }
            try file.readExactly(into: &room, at: 0)
        } catch {
            throw .home(.damagedKeystore)
        }
        return memory
    }
}

extension HomeSecrets {
    /// Takes the memory for the keys of a policy.
    init(_ policy: borrowing BundleFile) throws(SignerStop) {
        let nodeCount = NodeCounts(policy.bundle).own
        self = try SignerStop.needing(HomeSecrets(nodeCount: nodeCount))
    }

    /// A context of the curve library whose multiplications are blinded by fresh randomness.
    mutating func makeCurve() throws(SignerStop) -> Curve {
        var seed = transient.mutableBytes
        try SignerStop.needing(seed.fillRandomly())
        try SignerStop.computing(BitcoinCrypto.initialize())
        let curve = try SignerStop.computing(Curve(blindingSeed: seed.span))
        seed.wipe()
        return curve
    }
}
