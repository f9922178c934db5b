import Bytes
import Wire

/// Reads the signer's replies. What does not have the form of protocol.md, section 8, is the
/// signer's fault.
enum SignerReplies {
    static func status(_ payload: [UInt8]) throws(GateError) -> SignerStatus {
        do throws(ByteError) {
            return try SignerStatus(reading: payload.span)
        } catch {
            throw malformed(.statusReply)
        }
    }

    static func refusal(_ payload: [UInt8]) throws(GateError) -> RefusalDetail {
        let detail: RefusalDetail
        do throws(ByteError) {
            var reader = ByteReader(payload.span)
            detail = try RefusalDetail(reading: &reader)
            try reader.finish()
        } catch {
            throw malformed(.refused)
        }
        guard detail.code != 0 else { throw .signerFault(.refusedWithoutCode) }
        return detail
    }

    /// `checkpoint`.
    static func head(_ payload: [UInt8]) throws(GateError) -> SignedHead {
        do throws(ByteError) {
            var reader = ByteReader(payload.span)
            let head = try SignedHead(reading: &reader)
            try reader.finish()
            return head
        } catch {
            throw malformed(.advanced)
        }
    }

    /// The checkpoint at the front of a release's answer; nothing if it is not there as a whole.
    static func front(_ begun: [UInt8]) throws(GateError) -> SignedHead? {
        guard begun.count >= SignedHead.byteCount else { return nil }
        return try head(Array(begun.prefix(SignedHead.byteCount)))
    }

    /// `checkpoint | u16 count | vec16 leaf*`.
    static func resumed(_ payload: [UInt8]) throws(GateError) -> (SignedHead, [[UInt8]]) {
        do throws(ByteError) {
            var reader = ByteReader(payload.span)
            let head = try SignedHead(reading: &reader)
            var leaves: [[UInt8]] = []
            for _ in 0..<(try reader.readUInt16()) {
                leaves.append([UInt8](copying: try reader.readVec16()))
            }
            try reader.finish()
            return (head, leaves)
        } catch {
            throw malformed(.resumed)
        }
    }

    /// `checkpoint | u16 count | (u16 n | signature[64]*n)*`: for each entry its n signatures.
    static func released(_ payload: [UInt8]) throws(GateError) -> (SignedHead, [[UInt8]]) {
        do throws(ByteError) {
            var reader = ByteReader(payload.span)
            let head = try SignedHead(reading: &reader)
            var signatures: [[UInt8]] = []
            for _ in 0..<(try reader.readUInt16()) {
                let count = Int(try reader.readUInt16())
                signatures.append([UInt8](copying: try reader.readSpan(64 * count)))
            }
            try reader.finish()
            return (head, signatures)
        } catch {
            throw malformed(.released)
        }
    }

    static func malformed(_ kind: MessageKind) -> GateError {
        .signerFault(.malformed(kind: kind.rawValue))
    }
}
