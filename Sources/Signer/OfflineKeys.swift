import BitcoinCrypto
import Bytes
package import LocalSocket
import SecretMemory
import Wire

/// The steps from the master key to another.
package struct KeySteps: Sendable {
    package static let countMax = 8

    private var steps: InlineArray<8, UInt32>
    package private(set) var count: Int

    package init() {
        steps = InlineArray<8, UInt32>(repeating: 0)
        count = 0
    }

    /// Adds a step, as long as there is room.
    package mutating func append(_ step: UInt32) {
        precondition(count < Self.countMax, "the caller counts")
        steps[count] = step
        count += 1
    }

    package subscript(place: Int) -> UInt32 { steps[place] }
}

/// What a seed says of itself outside of the appliance: a public key for cosigners, which is needed
/// before there is a policy, or the seed of a child (BIP-85). It runs once, in a process of its own
/// that has no gate; the signer that serves answers none of it.
package struct OfflineKeys: ~Copyable {
    var secrets: HomeSecrets
    let curve: Curve
}

extension OfflineKeys {
    package init() throws(SignerStop) {
        var secrets = try SignerStop.needing(HomeSecrets(nodeCount: 0))
        let curve = try secrets.makeCurve()
        self.init(secrets: secrets, curve: curve)
    }

    /// Takes the seed of a mnemonic and its passphrase, which may be empty.
    package mutating func restore(
        mnemonic: borrowing Descriptor,
        passphrase: borrowing Descriptor
    ) throws(SignerStop) {
        let tooLong = SignerStop.mnemonic(.wordCount(Mnemonic.textCountMax))
        let typed = try HomeMaker.readText(mnemonic, into: &secrets.moreWords, tooLong)
        let count = HomeMaker.tidy(&secrets.moreWords, typed)
        let more = try HomeMaker.readText(passphrase, into: &secrets.words, .mnemonicPassphrase)
        try HomeMaker.check(secrets.moreWords, count, &secrets.transient)
        try HomeMaker.stretch(
            secrets.moreWords,
            count,
            secrets.words,
            more,
            into: &secrets.plain
        )
    }

    /// Takes the seed of a keystore.
    package mutating func open(
        _ keystore: borrowing KeystoreBytes,
        passphrase: borrowing Descriptor
    ) throws(SignerStop) {
        let count = try HomeMaker.readText(passphrase, into: &secrets.words, .passphraseTooLong)
        guard count > 0 else { throw .emptyPassphrase }
        do throws(RefusalDetail) {
            _ = try Keystore.open(keystore.memory, passphrase: 0..<count, &secrets)
        } catch {
            throw error.code == Refusal.wrongPassphrase.rawValue
                ? .wrongPassphrase : .home(.damagedKeystore)
        }
    }

    /// Writes a public key as the answer to `xpub` has it, and forgets the seed.
    package mutating func describe(
        _ steps: KeySteps,
        to output: borrowing Descriptor
    ) throws(SignerStop) {
        let (master, key) = try SignerStop.computing(derive(steps))
        secrets.wipe()
        var answer = FixedBytes<78>.zero
        var room = answer.mutableSpan
        _ = room.write { writer throws(ByteError) in
            try writer.write(master)
            try writer.writeUInt8(key.depth)
            try writer.write(key.parentFingerprint)
            try writer.writeUInt32(key.childNumber)
            try writer.write(key.chainCode)
            try writer.write(key.key)
        }
        try SignerStop.using(output.writeAll(answer.span))
    }

    /// Leaves the private node in `secrets.node`; gives the master's fingerprint and public key.
    mutating func derive(
        _ steps: KeySteps
    ) throws(CryptoError) -> (Bytes4, ExtendedPublicKey) {
        try WalletTable.begin(secrets.plain, &secrets.node, curve)
        let master = try WalletTable.fingerprint(secrets.node.bytes, curve)
        var parent = Bytes4.zero
        for place in 0..<steps.count {
            parent = try WalletTable.fingerprint(secrets.node.bytes, curve)
            try WalletTable.descend(&secrets.node, &secrets.scratch, steps[place], curve)
        }
        let node = secrets.node.bytes
        let key = ExtendedPublicKey(
            depth: UInt8(steps.count),
            parentFingerprint: parent,
            childNumber: steps.count > 0 ? steps[steps.count - 1] : 0,
            chainCode: Bytes32(copying: node.extracting(32..<64)),
            key: try curve.publicKey(ofSecret: node.extracting(0..<32))
        )
        return (master, key)
    }
}

/// A keystore as it lies in its file, read before the process is confined.
package struct KeystoreBytes: ~Copyable {
    let memory: Arena

    package init(_ file: borrowing Descriptor) throws(SignerStop) {
        memory = try Home.readKeystore(file)
    }
}
