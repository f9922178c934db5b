private import BitcoinCrypto
package import Bytes
package import Transparency
package import Wire

/// The checkpoints of one log: its name, the key that signs them, and their text.
package struct CheckpointNotes {
    package static let path: [UInt8] = Array("checkpoint".utf8)
    /// The most bytes of our own notes.
    private static let noteMax = 1_024

    package let origin: LogOrigin
    package let auditKey: Bytes32

    /// Nothing if the network is none.
    package init?(_ status: SignerStatus) {
        do throws(TransparencyError) {
            origin = try LogOrigin(
                network: status.network,
                homeID: status.homeID,
                logNumber: status.logNumber
            )
        } catch {
            return nil
        }
        auditKey = status.auditPublicKey
    }

    /// Whether the audit key signed this head of this log.
    package func isSigned(_ head: SignedHead) -> Bool {
        guard let text = text(head) else { return false }
        return Ed25519.verify(
            signature: head.signature,
            message: text.bytes,
            publicKey: auditKey
        )
    }

    /// The signed note of a head.
    package func note(_ head: SignedHead) -> [UInt8] {
        guard let text = text(head) else { preconditionFailure("a head that was verified") }
        return .written(limit: Self.noteMax) { writer throws(ByteError) in
            do throws(TransparencyError) {
                let key = try VerifierKey(name: origin.bytes, publicKey: auditKey)
                try Self.write(text, head, key, &writer)
            } catch {
                preconditionFailure("our origin is a key's name, and there is room")
            }
        }
    }

    /// The head of a note as this type writes it; nothing if it is anything else, or its
    /// signature is not the audit key's.
    package func head(of note: [UInt8]) -> SignedHead? {
        guard note.count <= Self.noteMax, let size = Self.size(of: note),
            let last = note.dropLast().lastIndex(of: 0x20)
        else { return nil }
        // The signature is all that a note adds to what we can rebuild: the last 64 bytes of the
        // base64 text behind its last space.
        var payload = [UInt8](repeating: 0, count: 72)
        do throws(ByteError) {
            var room = payload.mutableSpan
            var writer = ByteWriter(&room)
            try Base64.decode(note[(last + 1)..<(note.count - 1)].span, into: &writer)
            guard writer.count == 68 else { return nil }
        } catch {
            return nil
        }
        let head = SignedHead(
            size: size.size,
            root: size.root,
            signature: Bytes64(copying: payload[4..<68].span)
        )
        guard isSigned(head), self.note(head) == note else { return nil }
        return head
    }

    private static func write(
        _ text: CheckpointText,
        _ head: SignedHead,
        _ key: borrowing VerifierKey,
        _ writer: inout ByteWriter
    ) throws(TransparencyError) {
        do throws(ByteError) {
            try SignedNote.write(
                text: text.bytes,
                key: key,
                signature: head.signature,
                to: &writer
            )
        } catch {
            throw .noRoom(error)
        }
    }

    private static func size(of note: [UInt8]) -> (size: UInt64, root: Bytes32)? {
        do throws(TransparencyError) {
            let signed = try SignedNote(note.span)
            let checkpoint = try Checkpoint(text: signed.text)
            return (checkpoint.size, checkpoint.root)
        } catch {
            return nil
        }
    }

    private func text(_ head: SignedHead) -> CheckpointText? {
        do throws(TransparencyError) {
            return try CheckpointText(origin: origin.bytes, size: head.size, root: head.root)
        } catch {
            return nil
        }
    }
}
