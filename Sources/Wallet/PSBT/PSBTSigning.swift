import Bitcoin
package import BitcoinCrypto
package import Bytes

extension PSBT {
    /// Puts the signatures of a request's answer back, one for each input, in order. Each is
    /// verified first: the signer's word is not needed, and a spoiled answer is noticed here and
    /// changes nothing. What they fix of version 2 is open no more (BIP-370).
    package mutating func insert(
        _ signatures: [Bytes64],
        for request: SigningRequest,
        wallets: WalletSet,
        curve: borrowing Curve
    ) throws(RequestError) {
        guard signatures.count == inputs.count else {
            throw .signatureCount(expected: inputs.count, found: signatures.count)
        }
        guard request.transactionID == transaction.id else { throw .otherTransaction }
        let coins = inputs.compactMap(\.coin)
        guard coins.count == inputs.count else { throw .otherTransaction }
        let midstates = Self.midstates(transaction, coins)
        var fields: [PSBTField] = []
        fields.reserveCapacity(signatures.count)
        for (index, signature) in signatures.enumerated() {
            let signing = InputSigning(
                index: index,
                input: transaction.inputs[index],
                coin: coins[index],
                type: request.sighashTypes[index]
            )
            let owner = request.inputOwners[index]
            let wallet = wallets.wallets[owner.wallet]
            do throws(CryptoError) {
                fields.append(
                    try signing.field(
                        signature,
                        kind: wallet.kind,
                        key: request.inputKeys[index],
                        midstates,
                        curve: curve
                    )
                )
            } catch {
                throw error == .invalidSignature
                    ? .psbt(PSBTError(.input(index), .signatureInvalid)) : .crypto(error)
            }
        }
        for (index, field) in fields.enumerated() {
            inputs[index].map.set(field)
        }
        for type in request.sighashTypes {
            noteSignature(type)
        }
    }

    private static func midstates(_ transaction: Transaction, _ coins: [Coin]) -> SighashMidstates {
        var hasher = TransactionHasher(
            version: transaction.version,
            lockTime: transaction.lockTime,
            inputCount: transaction.inputs.count,
            outputCount: transaction.outputs.count
        )
        for (input, coin) in zip(transaction.inputs, coins) {
            hasher.addInput(SpentInput(input, coin), script: coin.script.span)
        }
        for output in transaction.outputs {
            hasher.addOutput(amount: output.amount.satoshis, script: output.script.span)
        }
        return hasher.finish().midstates
    }
}

extension SpentInput {
    init(_ input: Transaction.Input, _ coin: Coin) {
        self.init(
            txid: input.previous.txid.bytes,
            vout: input.previous.vout,
            sequence: input.sequence,
            amount: coin.amount.satoshis
        )
    }
}

/// What one signature of ours is about.
private struct InputSigning {
    let index: Int
    let input: Transaction.Input
    let coin: Coin
    let type: SighashType

    /// The field that holds the signature; throws `invalidSignature` if it does not verify.
    func field(
        _ signature: Bytes64,
        kind: OutputKind,
        key: Bytes33,
        _ midstates: SighashMidstates,
        curve: borrowing Curve
    ) throws(CryptoError) -> PSBTField {
        guard type.isSafe(for: kind) else { throw .invalidSignature }
        let spent = SpentInput(input, coin)
        switch kind {
        case .p2wpkh:
            let digest = midstates.p2wpkhSighash(of: spent, keyHash: hash160(key.span))
            guard curve.verifyECDSA(signature: signature, digest: digest, publicKey: key.span)
            else { throw .invalidSignature }
            let der = try Self.der(signature, curve: curve)
            return PSBTField(
                PSBTFieldType.partialSignature,
                keyData: key.array,
                value: der + [UInt8(type.rawValue)]
            )
        case .p2pkh, .p2shP2WPKH, .p2shScript, .p2wshScript, .p2shP2WSHScript, .p2trTree:
            // The signer makes none of these yet.
            throw .invalidSignature
        case .p2tr:
            let output = try curve.taprootOutputKey(internalKey: key, merkleRoot: nil)
            guard let digest = taprootDigest(midstates, spent),
                curve.verifySchnorr(signature: signature, digest: digest, publicKey: output)
            else { throw .invalidSignature }
            let suffix = type == .default ? [] : [UInt8(type.rawValue)]
            return PSBTField(PSBTFieldType.tapKeySignature, value: signature.array + suffix)
        }
    }

    private func taprootDigest(_ midstates: SighashMidstates, _ spent: SpentInput) -> Bytes32? {
        do throws(BitcoinError) {
            return try midstates.taprootSighash(
                at: index,
                of: spent,
                script: coin.script.span,
                type: type
            )
        } catch {
            return nil
        }
    }

    private static func der(
        _ signature: Bytes64,
        curve: borrowing Curve
    ) throws(CryptoError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 72)
        var room = bytes.mutableSpan
        var writer = ByteWriter(&room)
        try curve.writeDER(signature, into: &writer)
        let count = writer.count
        return Array(bytes[..<count])
    }
}
