private import Bitcoin
package import BitcoinCrypto
package import Bytes

/// What looks like a signature, wherever it stands: for those who must have seen each of them.
package struct SignatureList: Sendable {
    /// 64 bytes each, sighash bytes and DER taken off.
    package private(set) var signatures: [Bytes64] = []
    private let scheme: SignatureScheme

    /// Those of the inputs of a PSBT that are not finished.
    package init(
        _ psbt: PSBT,
        _ scheme: SignatureScheme,
        curve: borrowing Curve
    ) throws(CryptoError) {
        self.scheme = scheme
        for input in psbt.inputs {
            for field in input.partialSignatures { try add(field.value, curve) }
            for field in input.map.all(PSBTFieldType.tapScriptSignature) {
                try add(field.value, curve)
            }
            if let value = input.tapKeySignature { try add(value, curve) }
        }
    }

    /// Those in the scripts and witnesses of a finished transaction.
    package init(
        _ transaction: Transaction,
        _ scheme: SignatureScheme,
        curve: borrowing Curve
    ) throws(CryptoError) {
        self.scheme = scheme
        for input in transaction.inputs {
            let items = Self.pushes(input.script) + input.witness.dropLast(behind(input.witness))
            for item in items where isLikely(item) { try add(item, curve) }
        }
    }

    /// A script and its control block are no signatures, however long they are.
    private func behind(_ witness: [[UInt8]]) -> Int {
        scheme == .schnorr && witness.count > 1 ? 2 : 0
    }

    private func isLikely(_ item: [UInt8]) -> Bool {
        switch scheme {
        case .schnorr: item.count == 64 || item.count == 65
        case .ecdsa: item.count > 8 && SignatureForm.isStrictDER(item.dropLast())
        }
    }

    private mutating func add(_ value: [UInt8], _ curve: borrowing Curve) throws(CryptoError) {
        switch scheme {
        case .schnorr:
            guard value.count >= 64 else { throw .invalidSignature }
            signatures.append(Bytes64(copying: value.span.extracting(0..<64)))
        case .ecdsa:
            let der = Array(value.dropLast())
            signatures.append(try curve.compact(fromDER: der.span))
        }
    }

    /// What a scriptSig pushes; nothing behind what is no push.
    private static func pushes(_ script: [UInt8]) -> [[UInt8]] {
        var items: [[UInt8]] = []
        var rest = script[...]
        while let code = rest.popFirst() {
            var count = Int(code)
            if code == 0x4c {
                guard let length = rest.popFirst() else { return items }
                count = Int(length)
            } else if code == 0x4d {
                guard let low = rest.popFirst(), let high = rest.popFirst() else { return items }
                count = Int(low) | Int(high) << 8
            } else if code > 0x4b {
                count = 0
            }
            items.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return items
    }
}
