package import Bytes
private import FoundationEssentials
private import Policy
private import Wire

/// A text that admins sign (protocol.md, section 8), and the place it names.
package struct AdminStatement: Equatable, Sendable {
    /// What the admins allow.
    package enum Effect: Equatable, Sendable {
        /// Satoshi, in all and from the beginning.
        case refill(newTotal: UInt64)
        case recover
    }

    /// The namespace of `ssh-keygen -Y sign -n`.
    package static let namespace = "portcullis-admin"

    package let effect: Effect
    private let place: StatementPlace

    package init(_ effect: Effect, _ record: StateFacts) {
        self.effect = effect
        place = StatementPlace(
            homeID: record.homeID,
            logNumber: record.logNumber,
            logSize: record.logSize,
            root: record.root,
            epoch: record.epoch
        )
    }

    private var statement: StatementText {
        switch effect {
        case .refill(let newTotal): .refill(place, newTotal: newTotal)
        case .recover: .recover(place)
        }
    }

    /// Exactly what is signed; each line ends with a newline.
    package var text: String {
        let text = statement
        return String(decoding: [UInt8](copying: text.bytes), as: UTF8.self)
    }

    /// The payload that takes the signatures to the signer.
    package func payload(signatures: [[UInt8]]) throws(FrontError) -> [UInt8] {
        guard signatures.count <= 255, signatures.allSatisfy({ $0.count <= 0xFFFF }) else {
            throw .usage("too many or too long signatures")
        }
        var payload: [UInt8] = []
        if case .refill(let newTotal) = effect {
            payload += (0..<8).map { UInt8(truncatingIfNeeded: newTotal >> (8 * UInt64($0))) }
        }
        payload.append(UInt8(signatures.count))
        for signature in signatures {
            payload += [UInt8(truncatingIfNeeded: signature.count), UInt8(signature.count >> 8)]
            payload += signature
        }
        return payload
    }

    /// What signatures are worth under a policy, as the signer will judge them: the admins'
    /// decision, or not yet, for more of them have to sign. One that is nobody's is refused.
    package func isDecided(
        by signatures: [[UInt8]],
        _ bundle: [UInt8]
    ) throws(FrontError) -> Bool {
        let text = statement
        let listed = signatures.flatMap { signature in
            [UInt8(truncatingIfNeeded: signature.count), UInt8(signature.count >> 8)] + signature
        }
        do {
            var reader = ByteReader(listed.span)
            let list = try StatementSignatures(reading: &reader, count: signatures.count)
            try text.verify(list, CheckedBundle(checking: bundle.span))
            return true
        } catch StatementFault.quorumNotReached {
            return false
        } catch is StatementFault {
            throw .refused(RefusalWords.report(stage: "signer", RefusalDetail(.statementMismatch)))
        } catch {
            throw .failed("the signatures or the policy cannot be read: \(error)")
        }
    }

    /// The bytes inside a signature file of ssh-keygen.
    package static func signature(armored bytes: [UInt8]) throws(FrontError) -> [UInt8] {
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        guard let first = lines.firstIndex(of: "-----BEGIN SSH SIGNATURE-----"),
            let last = lines.firstIndex(of: "-----END SSH SIGNATURE-----"), first < last,
            let data = Data(base64Encoded: lines[(first + 1)..<last].joined())
        else { throw .usage("--signature: that is not a file of `ssh-keygen -Y sign`") }
        return [UInt8](data)
    }
}

/// What the signer's state record says without its key (protocol.md, section 7): enough to write
/// the text that admins sign. Nobody vouches for it here; the signer compares the text with what it
/// remembers.
package struct StateFacts: Equatable, Sendable {
    package var homeID: Bytes32
    package var logNumber: UInt32
    package var logSize: UInt64
    package var root: Bytes32
    package var epoch: UInt64
    package var allowanceTotal: UInt64
    package var allowanceSpent: UInt64

    /// The bytes of a slot; the file has two.
    package static let slotByteCount = 4_096

    /// Reads the newer of the two slots.
    package init(reading file: [UInt8]) throws(FrontError) {
        guard file.count == 2 * Self.slotByteCount else {
            throw .failed("signer/state has \(file.count) bytes instead of 8192")
        }
        var newest: (sequence: UInt64, facts: StateFacts)?
        for start in [0, Self.slotByteCount] {
            let slot = [UInt8](file[start..<start + Self.slotByteCount])
            guard let found = try Self.read(slot) else { continue }
            if newest.map({ found.sequence > $0.sequence }) ?? true { newest = found }
        }
        guard let newest else { throw .failed("signer/state holds no record") }
        self = newest.facts
    }

    private init(_ reader: inout ByteReader) throws(ByteError) {
        homeID = try reader.readBytes32()
        _ = try reader.readUInt32()
        logNumber = try reader.readUInt32()
        logSize = try reader.readUInt64()
        root = try reader.readBytes32()
        epoch = try reader.readUInt64()
        _ = try reader.readBytes32()
        _ = try reader.readUInt64()
        allowanceTotal = try reader.readUInt64()
        allowanceSpent = try reader.readUInt64()
    }

    private static func read(
        _ slot: [UInt8]
    ) throws(FrontError) -> (sequence: UInt64, facts: StateFacts)? {
        do {
            var reader = ByteReader(slot.span)
            guard try reader.readSpan(8).equals("PCSTATE1"), try reader.readUInt32() == 1 else {
                return nil
            }
            _ = try reader.readUInt32()
            let sequence = try reader.readUInt64()
            return (sequence, try StateFacts(&reader))
        } catch {
            throw .failed("signer/state cannot be read: \(error)")
        }
    }
}
