import BitcoinCrypto
import Bytes
import Policy
import SecretMemory
import Wire

/// A refill or recovery that the operator brought, held until an unlock opens the record that it
/// must name.
struct HeldStatement: ~Copyable {
    private var memory: Arena
    private var count = 0
    private var kind = OperatorEffect.none

    init() throws(SecretMemoryError) {
        memory = try Arena(byteCount: MessageKind.refill.lengthMax)
    }

    /// Whether something is held.
    var isHolding: Bool { kind != .none }

    /// Drops what is held.
    mutating func drop() {
        kind = .none
        count = 0
    }

    /// Holds a payload: for a refill `u64 newTotal`, then `u8 count | vec16 SSHSIG*`. Whether its
    /// form is right is told at once; whether it is signed for, when the record is open.
    mutating func hold(
        _ door: borrowing OperatorDoor,
        of message: MessageKind
    ) throws(RefusalDetail) {
        let payload = door.payload
        guard !isHolding else { throw RefusalDetail(.alreadyHeld) }
        var reader = ByteReader(payload)
        var effect = OperatorEffect.recover
        var start = 0
        do throws(ByteError) {
            if message == .refill {
                effect = .refill(newTotal: try reader.readUInt64())
                start = reader.position
            }
            for _ in 0..<(try reader.readUInt8()) {
                _ = try reader.readVec16()
            }
            try reader.finish()
        } catch {
            throw RefusalDetail(.malformedRequest, found: UInt64(reader.position))
        }
        memory.store(payload.extracting(start...), at: 0)
        count = payload.count - start
        kind = effect
    }

    /// What is held takes effect on `record`, if enough admins signed it for just this record.
    func effect(
        on record: StateRecord,
        _ policy: borrowing BundleFile
    ) throws(RefusalDetail) -> OperatorEffect {
        let place = StatementPlace(
            homeID: record.homeID,
            logNumber: record.logNumber,
            logSize: record.logSize,
            root: record.root,
            epoch: record.epoch
        )
        switch kind {
        case .none: break
        case .refill(let newTotal):
            guard newTotal >= record.allowanceSpent else {
                throw RefusalDetail(
                    .statementMismatch,
                    expected: record.allowanceSpent,
                    found: newTotal
                )
            }
            try check(StatementText.refill(place, newTotal: newTotal), policy.bundle)
        case .recover: try check(StatementText.recover(place), policy.bundle)
        }
        return kind
    }

    /// Every signature must be good, and enough different admins must have signed.
    private func check(
        _ text: StatementText,
        _ bundle: borrowing CheckedBundle
    ) throws(RefusalDetail) {
        var signers = InlineArray<256, Bool>(repeating: false)
        var signerCount = 0
        var signatures = HeldSignatures(memory.bytes.extracting(0..<count))
        while let signature = signatures.next() {
            guard let admin = Self.admin(signature, text, bundle) else {
                throw RefusalDetail(.statementMismatch)
            }
            if !signers[admin] { signerCount += 1 }
            signers[admin] = true
        }
        guard bundle.adminThreshold > 0, signerCount >= bundle.adminThreshold else {
            throw RefusalDetail(
                .quorumNotReached,
                expected: UInt64(bundle.adminThreshold),
                found: UInt64(signerCount)
            )
        }
    }

    /// The place of the admin who made the signature, if one did.
    private static func admin(
        _ signature: Span<UInt8>,
        _ text: StatementText,
        _ bundle: borrowing CheckedBundle
    ) -> Int? {
        for place in 0..<bundle.adminCount {
            do throws(SSHSignatureError) {
                try SSHSignature.verify(
                    blob: signature,
                    message: text.bytes,
                    namespace: StatementText.namespace,
                    key: bundle.adminKey(at: place)
                )
                return place
            } catch {
                // Somebody else's, or none at all: the next admin is tried.
            }
        }
        return nil
    }
}

/// The signatures of a statement whose form was checked: `u8 count | vec16 SSHSIG*`.
private struct HeldSignatures: ~Escapable {
    private var reader: ByteReader
    private var left: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        reader = ByteReader(bytes.extracting(1...))
        left = Int(bytes[0])
    }

    /// The next one, or nothing at the end.
    @_lifetime(copy self)
    mutating func next() -> Span<UInt8>? {
        guard left > 0 else { return nil }
        left -= 1
        do throws(ByteError) {
            return try reader.readVec16()
        } catch {
            preconditionFailure("the form was checked when it was taken in")
        }
    }
}

/// What an operator's statement does to the record, once its event stands in the log.
enum OperatorEffect: Equatable, Sendable {
    case none
    /// Satoshi, in all.
    case refill(newTotal: UInt64)
    case recover
}
