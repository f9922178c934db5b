private import Bytes
private import FoundationEssentials

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
    /// Hexadecimal.
    package let homeID: String
    package let logNumber: UInt32
    package let logSize: UInt64
    /// Hexadecimal.
    package let root: String
    package let epoch: UInt64

    package init(_ effect: Effect, _ record: StateFacts) {
        self.effect = effect
        homeID = record.homeID
        logNumber = record.logNumber
        logSize = record.logSize
        root = record.root
        epoch = record.epoch
    }

    /// Exactly what is signed; each line ends with a newline.
    package var text: String {
        let place = """
            home \(homeID) log \(logNumber)
            size \(logSize) root \(root)
            epoch \(epoch)

            """
        switch effect {
        case .refill(let newTotal):
            return "portcullis refill\n" + place + "allowance \(newTotal) sat\n"
        case .recover:
            return "portcullis recover\n" + place
        }
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
    package var homeID: String
    package var logNumber: UInt32
    package var logSize: UInt64
    package var root: String
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
        homeID = try reader.readBytes32().hexDigits
        _ = try reader.readUInt32()
        logNumber = try reader.readUInt32()
        logSize = try reader.readUInt64()
        root = try reader.readBytes32().hexDigits
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
