package import Bitcoin
package import BitcoinCrypto
package import Bytes

/// A signature of a message as people pass it on: text.
package enum MessageSignature: Equatable, Sendable {
    /// `smp`: the witness of `to_sign`.
    case simple([[UInt8]])
    /// `ful`: all of `to_sign`.
    case full(Transaction)
    /// `pof`: a finalized PSBT of `to_sign`, which has the coins that are proven.
    case proofOfFunds(PSBT)
    /// 65 bytes: a header, r and s (BIP-137).
    case legacy(header: UInt8, Bytes64)

    /// The longest text, in bytes.
    package static let textByteCountMax = 4 << 20

    /// What there is to say of a finalized PSBT of `to_sign`: as short as it may be, unless all of
    /// the transaction is wanted.
    package init(of psbt: PSBT, full: Bool) throws(PSBTError) {
        guard psbt.inputs.count == 1 else {
            _ = try psbt.extract()
            self = .proofOfFunds(psbt)
            return
        }
        let transaction = try psbt.extract()
        let isSimple =
            transaction.version == 0 && transaction.lockTime == 0
            && transaction.inputs[0].sequence == 0 && transaction.inputs[0].script.isEmpty
        self =
            isSimple && !full ? .simple(transaction.inputs[0].witness) : .full(transaction)
    }

    /// Reads a text; one without a prefix is legacy if it has 65 bytes, else simple.
    package init?(_ text: String) {
        let text = Array(text.utf8)
        guard text.count <= Self.textByteCountMax else { return nil }
        let rest = Array(text.dropFirst(3))
        do {
            switch String(decoding: text.prefix(3), as: UTF8.self) {
            case "smp": self = .simple(try Transaction.witnessItems(try Self.decode(rest)))
            case "ful": self = .full(try Transaction(try Self.decode(rest), form: .network))
            case "pof": self = .proofOfFunds(try PSBT(binary: try Self.decode(rest)))
            default:
                let bytes = try Self.decode(text)
                guard bytes.count == 65 else {
                    self = .simple(try Transaction.witnessItems(bytes))
                    return
                }
                self = .legacy(header: bytes[0], Bytes64(copying: bytes.span.extracting(1...)))
            }
        } catch {
            return nil
        }
    }

    package var text: String {
        switch self {
        case .simple(let witness):
            "smp" + Self.encode(Transaction.serializedWitness(witness))
        case .full(let transaction): "ful" + Self.encode(transaction.serialized())
        case .proofOfFunds(let psbt): "pof" + Self.encode(psbt.bytes)
        case .legacy(let header, let signature): Self.encode([header] + signature.array)
        }
    }

    /// `simple`, `full`, `proof` or `legacy`.
    package var name: String {
        switch self {
        case .simple: "simple"
        case .full: "full"
        case .proofOfFunds: "proof"
        case .legacy: "legacy"
        }
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        var text = [UInt8](repeating: 0, count: Base64.encodedCount(bytes.count))
        var room = text.mutableSpan
        _ = room.write { writer throws(ByteError) in
            try Base64.encode(bytes.span, into: &writer)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func decode(_ text: [UInt8]) throws(ByteError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: text.count / 4 * 3 + 3)
        var room = bytes.mutableSpan
        var writer = ByteWriter(&room)
        try Base64.decode(text.span, into: &writer)
        let count = writer.count
        return Array(bytes[..<count])
    }
}

extension MessageSignature {
    /// Finds the header of a legacy signature by the one key of an address; nothing if it is not
    /// good for it.
    package static func legacy(
        _ signature: Bytes64,
        of text: [UInt8],
        kind: OutputKind,
        key: Bytes33,
        curve: borrowing Curve
    ) -> MessageSignature? {
        let digest = SignedMessage.legacyDigest(text.span)
        let base: UInt8
        switch kind {
        case .p2pkh: base = 31
        case .p2shP2WPKH: base = 35
        case .p2wpkh: base = 39
        case .p2tr, .p2shScript, .p2wshScript, .p2shP2WSHScript, .p2trTree: return nil
        }
        for number in 0..<4
        where curve.recoverECDSA(signature: signature, digest: digest, number: number) == key {
            return .legacy(header: base + UInt8(number), signature)
        }
        return nil
    }
}
