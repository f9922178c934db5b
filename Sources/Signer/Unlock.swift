import BitcoinCrypto
import Bytes
import Policy
import SecretMemory
import Transparency
import Wire

/// What an unlock opened: the record, and what the operator's statement does to it.
package struct Unlocked: Sendable {
    let record: StateRecord
    let effect: OperatorEffect
    /// Of the log that goes on, or that a recovery begins.
    let logNumber: UInt32
    let auditPublicKey: Bytes32
    let origin: LogOrigin
}

extension Home {
    /// Opens keystore and record with the passphrase that stands at `passphrase` of
    /// `secrets.words`, holds them against the policy and against a held statement, and derives the
    /// keys. After a refusal no secret is left.
    mutating func unlock(
        passphrase: Range<Int>,
        _ held: borrowing HeldStatement
    ) throws(RefusalDetail) -> Unlocked {
        do throws(RefusalDetail) {
            let unlocked = try open(passphrase: passphrase, held)
            secrets.wipeRoots()
            return unlocked
        } catch {
            secrets.wipe()
            throw error
        }
    }

    private mutating func open(
        passphrase: Range<Int>,
        _ held: borrowing HeldStatement
    ) throws(RefusalDetail) -> Unlocked {
        let header = try Keystore.open(keystore, passphrase: passphrase, &secrets)
        let identity = policy.identity
        try require(identity.network, equals: header.network, else: .wrongNetwork)
        let record = try state.open(secrets, homeID: header.homeID, network: header.network)
        guard record.epoch == identity.epoch, record.bundleHash == identity.bundleHash else {
            throw RefusalDetail(.bundleMismatch, expected: record.epoch, found: identity.epoch)
        }
        let effect = try held.effect(on: record, policy)
        do throws(CryptoError) {
            try wallets.derive(policy, &secrets, curve)
        } catch {
            throw RefusalDetail(.damagedKeystore)
        }
        if let wallet = wallets.firstAmbiguous(policy, curve) {
            throw RefusalDetail(.ambiguousAddress, index: wallet)
        }
        let logNumber = record.logNumber + (effect == .recover ? 1 : 0)
        return Unlocked(
            record: record,
            effect: effect,
            logNumber: logNumber,
            auditPublicKey: secrets.deriveAuditKey(logNumber: logNumber),
            origin: try Self.origin(header, logNumber: logNumber)
        )
    }

    private static func origin(
        _ header: KeystoreHeader,
        logNumber: UInt32
    ) throws(RefusalDetail) -> LogOrigin {
        do throws(TransparencyError) {
            return try LogOrigin(
                network: header.network,
                homeID: header.homeID,
                logNumber: logNumber
            )
        } catch {
            throw RefusalDetail(.damagedKeystore)
        }
    }
}

extension HomeSecrets {
    /// Makes the audit key of a log from the root, which is random and not derived from the
    /// wallets' seed.
    mutating func deriveAuditKey(logNumber: UInt32) -> Bytes32 {
        var number = Bytes4.zero
        var room = number.mutableSpan
        room.store(UInt64(logNumber), at: 0, byteCount: 4)
        var seed = HMACSHA256.authenticate(
            key: plain.bytes.extracting(Self.auditRootRange),
            domain: "portcullis/audit-key/1",
            message: number.span
        )
        var key = auditKey.mutableBytes
        let publicKey = Ed25519.makeKey(seed: seed.span, into: &key)
        var traces = seed.mutableSpan
        traces.wipe()
        wipeStack()
        return publicKey
    }
}
