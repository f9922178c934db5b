import Bytes
import Front

extension Home {
    /// Takes the signer's answer to an unlock: `u8 1 | u32 logNumber | auditPublicKey[32]`.
    ///
    /// Each log has a key of its own, which only the signer knows beforehand. It comes over the
    /// operators' socket: gate and front are on the other side of the status, and whoever took one
    /// of them over would name a key of their own for what `audit verify` is to believe.
    func noteLogKey(unlocked payload: [UInt8]) throws(FrontError) {
        let number: Int
        let key: [UInt8]
        do throws(ByteError) {
            var reader = ByteReader(payload.span)
            guard try reader.readUInt8() == 1 else { throw .nonCanonical }
            number = Int(try reader.readUInt32())
            key = [UInt8](copying: try reader.readSpan(32))
            try reader.finish()
        } catch {
            throw .failed("the signer's answer to the unlock cannot be read: \(error)")
        }
        let facts = try readFacts()
        let origin = "portcullis/\(facts.network)/\(facts.homeID.prefix(32))/\(number)"
        let line = try Receipt.keyText(origin: [UInt8](origin.utf8), publicKey: key)
        var lines = try logKeyLines()
        if number < lines.count {
            guard lines[number] == line else { throw Self.otherLogKey(number) }
            return
        }
        guard number == lines.count else { return }
        lines.append(line)
        let bytes = [UInt8]((lines.joined(separator: "\n") + "\n").utf8)
        try Files.replace(logKeys, with: bytes, mode: 0o644)
    }

    /// public/log.vkey, where line n is the key of log n.
    func logKeyLines() throws(FrontError) -> [String] {
        let text = String(decoding: try Files.read(logKeys, limit: 1 << 20), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    /// The key of a log.
    func logKey(_ number: UInt32) throws(FrontError) -> String {
        let lines = try logKeyLines()
        guard Int(number) < lines.count else {
            throw .failed(
                "public/log.vkey has no key of log \(number): `portcullis lock`, then "
                    + "`portcullis unlock`, which writes it down"
            )
        }
        return lines[Int(number)]
    }

    private static func otherLogKey(_ number: Int) -> FrontError {
        .refused(
            RefusalReport(
                .logKeyMismatch,
                message: "public/log.vkey names another key for log \(number) than the signer has",
                remedy: "believe no audit and no receipt until you know who changed public/log.vkey"
            )
        )
    }
}
