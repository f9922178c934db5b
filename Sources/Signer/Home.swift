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

    /// Reads bundle and keystore, takes the lock on the state file and reads it.
    package init(
        keystore keystoreFile: borrowing Descriptor,
        state stateFile: consuming Descriptor,
        bundle bundleFile: borrowing Descriptor
    ) throws(SignerStop) {
        let state = try StateFile(stateFile)
        let policy = try BundleFile(bundleFile)
        let keystore = try Self.readKeystore(keystoreFile)
        var secrets = try Self.makeSecrets(policy)
        let wallets = try Self.makeWallets(policy)
        let curve = try Self.makeCurve(&secrets)
        self.state = state
        self.policy = policy
        self.keystore = keystore
        self.secrets = secrets
        self.wallets = wallets
        self.curve = curve
    }

    static func makeSecrets(_ policy: borrowing BundleFile) throws(SignerStop) -> HomeSecrets {
        let branchCount = WalletTable.branchCount(of: policy.bundle)
        return try SignerStop.needing { () throws(SecretMemoryError) in
            try HomeSecrets(branchCount: branchCount)
        }
    }

    static func makeWallets(_ policy: borrowing BundleFile) throws(SignerStop) -> WalletTable {
        do throws(SecretMemoryError) {
            return try WalletTable(policy.bundle)
        } catch {
            throw .memory(error)
        }
    }

    private static func readKeystore(_ file: borrowing Descriptor) throws(SignerStop) -> Arena {
        var memory = try SignerStop.needing { () throws(SecretMemoryError) in
            try Arena(byteCount: Keystore.byteCount)
        }
        var room = memory.mutableBytes
        do throws(SocketError) {
            guard try file.fileSize() == Keystore.byteCount else { throw SocketError.ended(got: 0) }
            try file.readExactly(into: &room, at: 0)
        } catch {
            throw .home(.damagedKeystore)
        }
        return memory
    }

    /// A context of the curve library whose multiplications are blinded by fresh randomness.
    static func makeCurve(_ secrets: inout HomeSecrets) throws(SignerStop) -> Curve {
        var seed = secrets.transient.mutableBytes
        do throws(SecretMemoryError) {
            try seed.fillRandomly()
        } catch {
            throw .memory(error)
        }
        do throws(CryptoError) {
            try BitcoinCrypto.initialize()
            let curve = try Curve(blindingSeed: seed.span)
            seed.wipe()
            return curve
        } catch {
            throw .curve(error)
        }
    }
}
