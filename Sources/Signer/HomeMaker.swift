import BitcoinCrypto
package import Bytes
package import LocalSocket
import Policy
import SecretMemory
import Transparency
import Wire

/// Where the seed of a new home comes from.
package enum SeedSource: Equatable, Sendable {
    /// The kernel's randomness, shown once as so many words: 12 or 24.
    case new(wordCount: Int)
    /// A mnemonic that somebody kept.
    case restored
}

/// Makes a home: keystore, state record, and what the public may know of it. It runs once, in a
/// process of its own.
package struct HomeMaker: ~Copyable {
    private let policy: BundleFile
    private var secrets: HomeSecrets
    private var wallets: WalletTable
    private let curve: Curve
}

extension HomeMaker {
    /// Reads the policy and takes the memory.
    package init(bundle: borrowing Descriptor) throws(SignerStop) {
        let policy = try BundleFile(bundle)
        var secrets = try HomeSecrets(policy)
        let curve = try secrets.makeCurve()
        let wallets = try WalletTable(policy.bundle, curve)
        self.init(policy: policy, secrets: secrets, wallets: wallets, curve: curve)
    }

    /// Makes the seed: from fresh words, which are written to `wordsOut`, or from those in
    /// `mnemonic`; with the BIP-39 passphrase in `passphrase`, which may be empty.
    package mutating func makeSeed(
        _ source: SeedSource,
        mnemonic: borrowing Descriptor,
        passphrase: borrowing Descriptor,
        wordsOut: borrowing Descriptor
    ) throws(SignerStop) {
        let wordsCount: Int
        switch source {
        case .new(let count):
            wordsCount = try makeWords(count)
            let words = secrets.moreWords.bytes.extracting(0..<wordsCount)
            try SignerStop.using(wordsOut.writeAll(words))
        case .restored:
            let tooLong = SignerStop.mnemonic(.wordCount(Mnemonic.textCountMax))
            let count = try Self.readText(mnemonic, into: &secrets.moreWords, tooLong)
            wordsCount = Self.tidy(&secrets.moreWords, count)
        }
        let passphraseCount = try Self.readText(
            passphrase,
            into: &secrets.words,
            .mnemonicPassphrase
        )
        try Self.check(secrets.moreWords, wordsCount, &secrets.transient)
        try Self.stretch(
            secrets.moreWords,
            wordsCount,
            secrets.words,
            passphraseCount,
            into: &secrets.plain
        )
        secrets.words.wipe()
        secrets.moreWords.wipe()
        secrets.transient.wipe()
        wipeStack()
    }

    /// Makes the other secrets, and writes keystore and state file, which must be empty.
    package mutating func write(
        keystore: borrowing Descriptor,
        state: borrowing Descriptor,
        passphrase: borrowing Descriptor,
        passes: UInt32,
        memoryKiB: UInt32
    ) throws(SignerStop) -> Bytes32 {
        let count = try Self.readText(passphrase, into: &secrets.words, .passphraseTooLong)
        guard count > 0 else { throw .emptyPassphrase }
        // A longer one could never be typed in: it must fit the frame of an unlock.
        guard count <= HomeSecrets.passphraseByteCountMax else { throw .passphraseTooLong }
        try Self.fill(&secrets.plain, HomeSecrets.auditRootRange.lowerBound..<secrets.plain.count)
        var version = secrets.plain.mutableBytes
        version.store(UInt64(HomeSecrets.version), at: 0, byteCount: 8)
        let header = KeystoreHeader(
            passes: passes,
            memoryKiB: memoryKiB,
            salt: try Self.random(),
            nonce: try Self.random(),
            homeID: try Self.random(),
            network: policy.identity.network
        )
        var slot = try Arena(needing: StateSlot.byteCount)
        var file = FixedBytes<304>.zero
        var room = file.mutableSpan
        try SignerStop.computing(
            Keystore.seal(header, passphrase: 0..<count, &secrets, into: &room)
        )
        do throws(SocketError) {
            guard try keystore.fileSize() == 0, try state.fileSize() == 0 else {
                throw SocketError.wouldBlock
            }
            try keystore.writeAll(file.span)
            try write(state, header.homeID, &slot)
        } catch {
            throw error == .wouldBlock ? .homeInUse : .stateNotStored(error)
        }
        return header.homeID
    }

    /// Writes what the public may know: `homeID[32] | auditPublicKey[32] | fingerprint[4] | u16
    /// count | (walletID[32] | depth u8 | parentFingerprint[4] | childNumber u32 | chainCode[32] |
    /// key[33])*`: our own keys of each wallet in their order.
    package mutating func describe(
        _ homeID: Bytes32,
        to output: borrowing Descriptor
    ) throws(SignerStop) {
        try SignerStop.computing(wallets.derive(policy, &secrets, curve))
        let auditPublicKey = secrets.deriveAuditKey(logNumber: 0)
        var number = FixedBytes<2>.zero
        var room = number.mutableSpan
        room.store(UInt64(NodeCounts(policy.bundle).ownKeys), at: 0, byteCount: 2)
        try SignerStop.using(output.writeAll(homeID.span))
        try SignerStop.using(output.writeAll(auditPublicKey.span))
        try SignerStop.using(output.writeAll(wallets.fingerprint.span))
        try SignerStop.using(output.writeAll(number.span))
        for number in 0..<policy.bundle.walletCount {
            let id = policy.bundle.walletID(at: number)
            guard let wallet = wallets.wallet(id: id) else { continue }
            for place in 0..<wallet.keyCount {
                guard let account = wallets.account(wallet, key: place) else { continue }
                try SignerStop.using(output.writeAll(id.span))
                try SignerStop.using(output.writeAll(account.extracting(4...)))
            }
        }
        secrets.wipe()
        // Whoever asked sees from the keys which of them it is.
        guard wallets.firstAmbiguous(policy, curve) == nil else { throw .ambiguousWallets }
    }

    /// An empty slot, then the first record in the slot of its sequence.
    private func write(
        _ state: borrowing Descriptor,
        _ homeID: Bytes32,
        _ slot: inout Arena
    ) throws(SocketError) {
        let record = StateRecord(
            homeID: homeID,
            network: policy.identity.network,
            emptyRoot: Merkle.emptyRoot,
            epoch: policy.identity.epoch,
            bundleHash: policy.identity.bundleHash,
            allowanceTotal: policy.bundle.allowance
        )
        try state.writeWhole(slot.bytes, at: 0)
        var room = slot.mutableBytes
        StateSlot.seal(record, into: &room, recordKey: secrets.recordKey)
        try state.writeWhole(room.span, at: StateSlot.byteCount)
        try state.syncData()
    }

    private mutating func makeWords(_ count: Int) throws(SignerStop) -> Int {
        let entropyCount = count * 4 / 3
        try Self.fill(&secrets.transient, 0..<entropyCount)
        return try Self.spell(secrets.transient, entropyCount, into: &secrets.moreWords)
    }
}

/// The steps, each with the memory it needs.
extension HomeMaker {
    static func spell(
        _ entropy: borrowing SecretBytes,
        _ count: Int,
        into words: inout SecretBytes
    ) throws(SignerStop) -> Int {
        var room = words.mutableBytes
        var writer = ByteWriter(&room)
        let bytes = entropy.bytes.extracting(0..<count)
        try SignerStop.spelling(Mnemonic.write(entropy: bytes, into: &writer))
        return writer.count
    }

    static func check(
        _ words: borrowing SecretBytes,
        _ count: Int,
        _ entropy: inout SecretBytes
    ) throws(SignerStop) {
        var room = entropy.mutableBytes
        let sentence = words.bytes.extracting(0..<count)
        _ = try SignerStop.spelling(Mnemonic.read(sentence, into: &room))
    }

    static func stretch(
        _ words: borrowing SecretBytes,
        _ count: Int,
        _ passphrase: borrowing SecretBytes,
        _ passphraseCount: Int,
        into plain: inout SecretBytes
    ) throws(SignerStop) {
        var seed = plain.mutableBytes._consumingExtracting(HomeSecrets.seedRange)
        do throws(CryptoError) {
            try Mnemonic.seed(
                sentence: words.bytes.extracting(0..<count),
                passphrase: passphrase.bytes.extracting(0..<passphraseCount),
                into: &seed
            )
        } catch {
            // The words are good; so it is the passphrase that cannot be taken.
            throw .mnemonicPassphrase
        }
    }

    private static func fill(_ secret: inout SecretBytes, _ range: Range<Int>) throws(SignerStop) {
        var room = secret.mutableBytes._consumingExtracting(range)
        try SignerStop.needing(room.fillRandomly())
    }

    private static func random<let size: Int>() throws(SignerStop) -> FixedBytes<size> {
        var bytes = FixedBytes<size>.zero
        var room = bytes.mutableSpan
        try SignerStop.needing(room.fillRandomly())
        return bytes
    }

    /// Brings words as people keep them into the form that is hashed: small letters, one space
    /// between two words, none around them. Works in place; the new length.
    static func tidy(_ words: inout SecretBytes, _ count: Int) -> Int {
        var bytes = words.mutableBytes
        var written = 0
        var isBetween = true
        for place in 0..<count {
            let byte = bytes[place]
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                isBetween = true
                continue
            }
            if isBetween, written > 0 {
                bytes[written] = 0x20
                written += 1
            }
            isBetween = false
            bytes[written] = (0x41...0x5A).contains(byte) ? byte + 0x20 : byte
            written += 1
        }
        return written
    }

    /// Reads to the end, straight into secret memory; one newline at the end does not count. The
    /// length.
    static func readText(
        _ descriptor: borrowing Descriptor,
        into secret: inout SecretBytes,
        _ tooLong: SignerStop
    ) throws(SignerStop) -> Int {
        var count = 0
        while true {
            var room = secret.mutableBytes._consumingExtracting(count...)
            guard room.count > 0 else { throw tooLong }
            let got = try SignerStop.using(descriptor.readSome(into: &room))
            guard got > 0 else { break }
            count += got
        }
        let newline: UInt8 = 0x0A
        return count > 0 && secret.bytes[count - 1] == newline ? count - 1 : count
    }
}
