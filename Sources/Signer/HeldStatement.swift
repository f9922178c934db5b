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

    init() throws(SignerStop) {
        memory = try Arena(needing: MessageKind.refill.lengthMax)
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
            let signatureCount = Int(try reader.readUInt8())
            _ = try StatementSignatures(reading: &reader, count: signatureCount)
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
        let place = StatementPlace(record)
        switch kind {
        case .none: break
        case .refill(let newTotal):
            try require(newTotal, atLeast: record.allowanceSpent, else: .statementMismatch)
            try check(StatementText.refill(place, newTotal: newTotal), policy.bundle)
        case .recover: try check(StatementText.recover(place), policy.bundle)
        }
        return kind
    }

    /// What the admins signed with, as the event's leaf carries it: none where nothing is held.
    var signatures: Span<UInt8> {
        @_lifetime(borrow self) get { memory.bytes.extracting(min(1, count)..<count) }
    }

    /// How many signatures those are.
    var signatureCount: Int { count == 0 ? 0 : Int(memory.bytes[0]) }

    private func check(
        _ text: StatementText,
        _ bundle: borrowing CheckedBundle
    ) throws(RefusalDetail) {
        var reader = ByteReader(signatures)
        let list: StatementSignatures
        do throws(ByteError) {
            list = try StatementSignatures(reading: &reader, count: signatureCount)
        } catch {
            preconditionFailure("the form was checked when it was taken in")
        }
        do throws(StatementFault) {
            try text.verify(list, bundle)
        } catch {
            switch error {
            case .foreignSignature: throw RefusalDetail(.statementMismatch)
            case .quorumNotReached(let needed, let found):
                throw RefusalDetail(.quorumNotReached, expected: needed, found: found)
            }
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
