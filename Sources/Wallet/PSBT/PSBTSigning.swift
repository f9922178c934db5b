import Bitcoin
package import BitcoinCrypto
package import Bytes

extension PSBT {
    /// Puts the signatures of a request's answer back: for each input, in order, one for each of
    /// our keys in it. Each is verified first, as one of the whole transaction: the signer's word
    /// is not needed, and a spoiled answer is noticed here and changes nothing. What they fix of
    /// version 2 is open no more (BIP-370).
    package mutating func insert(
        _ signatures: [Bytes64],
        for request: SigningRequest,
        wallets: WalletSet,
        curve: borrowing Curve
    ) throws(RequestError) {
        let expected = request.plans.reduce(0) { $0 + $1.keys.count }
        guard signatures.count == expected else {
            throw .signatureCount(expected: expected, found: signatures.count)
        }
        guard request.psbtTransactionID == transaction.id else { throw .otherTransaction }
        let coins = inputs.compactMap(\.coin)
        guard coins.count == inputs.count else { throw .otherTransaction }
        let midstates = Self.midstates(transaction, coins)
        var prefix = LegacyPrefix(
            version: transaction.version,
            inputCount: transaction.inputs.count
        )
        var fields: [(input: Int, field: PSBTField)] = []
        fields.reserveCapacity(signatures.count)
        var next = 0
        for (place, plan) in request.plans.enumerated() {
            let index = request.part.inputs[place]
            let signing = InputSigning(
                index: index,
                transaction: transaction,
                coin: coins[index],
                type: request.sighashTypes[place],
                plan: plan,
                kind: wallets.wallets[plan.owned.owner.wallet].kind
            )
            do throws(CryptoError) {
                let digest = try signing.digest(midstates, &prefix)
                for key in plan.keys {
                    let field = try signing.field(signatures[next], key, digest, curve: curve)
                    fields.append((index, field))
                    next += 1
                }
            } catch {
                throw error == .invalidSignature
                    ? .psbt(PSBTError(.input(index), .signatureInvalid)) : .crypto(error)
            }
        }
        for (index, field) in fields {
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

/// What the signatures of one input are about.
private struct InputSigning {
    let index: Int
    let transaction: Transaction
    let coin: Coin
    let type: SighashType
    let plan: InputPlan
    let kind: OutputKind

    /// What is signed; throws `invalidSignature` where nothing may be.
    func digest(
        _ midstates: SighashMidstates,
        _ prefix: inout LegacyPrefix
    ) throws(CryptoError) -> Bytes32 {
        guard type.isKnown(for: kind) else { throw .invalidSignature }
        let single = try singleOutput()
        let spent = SpentInput(transaction.inputs[index], coin)
        let output = plan.owned.output
        switch kind {
        case .p2pkh: return legacyDigest(coin.script, &prefix)
        case .p2shScript: return legacyDigest(try Self.demand(output.redeemScript), &prefix)
        case .p2wpkh, .p2shP2WPKH:
            return midstates.p2wpkhSighash(
                of: spent,
                keyHash: hash160(plan.keys[0].span),
                type: type,
                singleOutput: single
            )
        case .p2wshScript, .p2shP2WSHScript:
            let script = try Self.demand(output.witnessScript)
            return midstates.segwitSighash(
                of: spent,
                scriptCode: script.span,
                type: type,
                singleOutput: single
            )
        case .p2tr, .p2trTree:
            return midstates.taprootSighash(
                at: index,
                of: spent,
                script: coin.script.span,
                type: type,
                singleOutput: single,
                leafHash: plan.leafHash
            )
        }
    }

    /// The field that holds a signature; throws `invalidSignature` if it does not verify.
    func field(
        _ signature: Bytes64,
        _ key: Bytes33,
        _ digest: Bytes32,
        curve: borrowing Curve
    ) throws(CryptoError) -> PSBTField {
        guard kind.isTaproot else {
            guard curve.verifyECDSA(signature: signature, digest: digest, publicKey: key.span)
            else { throw .invalidSignature }
            let der = try Self.der(signature, curve: curve)
            return PSBTField(
                PSBTFieldType.partialSignature,
                keyData: key.array,
                value: der + [UInt8(type.rawValue)]
            )
        }
        let value = signature.array + (type == .default ? [] : [UInt8(type.rawValue)])
        let signer: Bytes32
        switch plan.selector {
        case .only: signer = Bytes32(copying: coin.script.span.extracting(2..<34))
        case .leaf: signer = Bytes32(copying: key.span.extracting(1..<33))
        }
        guard curve.verifySchnorr(signature: signature, digest: digest, publicKey: signer) else {
            throw .invalidSignature
        }
        switch plan.selector {
        case .only: return PSBTField(PSBTFieldType.tapKeySignature, value: value)
        case .leaf(_, let hash):
            let keyData = signer.array + hash.array
            return PSBTField(PSBTFieldType.tapScriptSignature, keyData: keyData, value: value)
        }
    }

    /// The output that SIGHASH_SINGLE signs, hashed.
    private func singleOutput() throws(CryptoError) -> Bytes32? {
        guard type.signsSingleOutput else { return nil }
        guard index < transaction.outputs.count else { throw .invalidSignature }
        let output = transaction.outputs[index]
        return SighashMidstates.outputHash(
            amount: output.amount.satoshis,
            script: output.script.span
        )
    }

    /// The digest of the original client: the transaction with a script in this input alone, less
    /// what the type leaves open.
    private func legacyDigest(_ script: [UInt8], _ prefix: inout LegacyPrefix) -> Bytes32 {
        let inputs = transaction.inputs
        // Amounts do not enter it.
        prefix.begin(type, before: index)
        while prefix.count < index {
            prefix.addInput(SpentInput(inputs[prefix.count], coin))
        }
        var hasher = prefix.digest
        hasher.addSigned(SpentInput(inputs[index], coin), script: script.span)
        for later in inputs[(index + 1)...] {
            hasher.addInput(SpentInput(later, coin))
        }
        hasher.beginOutputs(count: transaction.outputs.count)
        for output in transaction.outputs {
            hasher.addOutput(amount: output.amount.satoshis, script: output.script.span)
        }
        return hasher.finish(lockTime: transaction.lockTime)
    }

    private static func demand(_ script: [UInt8]?) throws(CryptoError) -> [UInt8] {
        guard let script else { throw .invalidSignature }
        return script
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
