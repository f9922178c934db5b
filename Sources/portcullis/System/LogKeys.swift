import Front

extension Home {
    /// Writes the key of a later log down, when the signer names it for the first time. Each log
    /// has a key of its own, which only the signer knows beforehand.
    func noteLogKey(_ status: GateStatusFacts, facts: HomeFacts) throws(FrontError) {
        guard status.signerPhase == "ready" || status.signerPhase == "unresumed" else { return }
        let text = String(decoding: try Files.read(logKeys, limit: 1 << 20), as: UTF8.self)
        var lines = text.split(separator: "\n").map(String.init)
        guard lines.count == Int(status.logNumber), let key = [UInt8](hexDigits: status.auditKey)
        else { return }
        let origin = "portcullis/\(facts.network)/\(facts.homeID.prefix(32))/\(status.logNumber)"
        lines.append(try Receipt.keyText(origin: [UInt8](origin.utf8), publicKey: key))
        let bytes = [UInt8]((lines.joined(separator: "\n") + "\n").utf8)
        try Files.replace(logKeys, with: bytes, mode: 0o644)
    }
}
