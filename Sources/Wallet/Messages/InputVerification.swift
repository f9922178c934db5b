import Bitcoin
import BitcoinCrypto
import Bytes

/// Whether one input of a `to_sign` is satisfied, with ALL or DEFAULT, as far as it is a matter of
/// keys.
struct InputVerification {
    private let transaction: Transaction
    private let coins: [Coin]
    private let place: Int

    init(_ transaction: Transaction, _ coins: [Coin], _ place: Int) {
        self.transaction = transaction
        self.coins = coins
        self.place = place
    }

    private var input: Transaction.Input { transaction.inputs[place] }
    private var script: [UInt8] { coins[place].script }

    private static let wrong = MessageVerdict.invalid("the signature is not good for it")
    private static let valid = MessageVerdict.valid(lockTime: 0, sequence: 0)

    func verdict(_ curve: borrowing Curve) -> MessageVerdict {
        switch ScriptKind(of: script.span) {
        case .p2pkh:
            guard input.witness.isEmpty, let pushes = Self.pushes(input.script), pushes.count == 2
            else { return Self.wrong }
            let (signature, key) = (pushes[0], pushes[1])
            guard hash160(key.span).array == Array(script[3..<23]) else { return Self.wrong }
            return isGood(signature, key, legacyDigest, curve) ? Self.valid : Self.wrong
        case .p2wpkh:
            return input.script.isEmpty ? keyHash(script, curve) : Self.wrong
        case .p2sh:
            guard let pushes = Self.pushes(input.script), let redeem = pushes.last,
                hash160(redeem.span).array == Array(script[2..<22])
            else { return Self.wrong }
            let kind = ScriptKind(of: redeem.span)
            guard kind == .p2wpkh || kind == .p2wsh else {
                return .inconclusive("a script in P2SH is not run")
            }
            guard pushes.count == 1 else { return Self.wrong }
            return kind == .p2wpkh ? keyHash(redeem, curve) : witnessScript(redeem, curve)
        case .p2wsh:
            return input.script.isEmpty ? witnessScript(script, curve) : Self.wrong
        case .p2tr: return taproot(curve)
        case .opReturn, .unknown: return .inconclusive("an address of an unknown kind")
        }
    }

    private func keyHash(_ program: [UInt8], _ curve: borrowing Curve) -> MessageVerdict {
        let witness = input.witness
        guard witness.count == 2, witness[1].count == 33 else { return Self.wrong }
        let (signature, key) = (witness[0], witness[1])
        guard hash160(key.span).array == Array(program[2...]) else { return Self.wrong }
        let code = [0x76, 0xa9, 20] + program[2...] + [0x88, 0xac]
        let digest = witnessDigest(Array(code))
        return isGood(signature, key, digest, curve) ? Self.valid : Self.wrong
    }

    private func witnessScript(_ program: [UInt8], _ curve: borrowing Curve) -> MessageVerdict {
        guard let code = input.witness.last,
            SHA256.hash(code.span).array == Array(program[2...])
        else { return Self.wrong }
        guard let multisig = MultisigScript(code) else {
            return .inconclusive("a script in P2WSH other than multisig is not run")
        }
        let signatures = input.witness.dropFirst().dropLast()
        guard input.witness[0].isEmpty, signatures.count == multisig.threshold else {
            return Self.wrong
        }
        // As OP_CHECKMULTISIG does: keys are passed over, signatures are not.
        let digest = witnessDigest(code)
        var keys = multisig.keys[...]
        for signature in signatures {
            while let key = keys.first, !isGood(signature, key, digest, curve) {
                keys = keys.dropFirst()
            }
            guard !keys.isEmpty else { return Self.wrong }
            keys = keys.dropFirst()
        }
        return Self.valid
    }

    private func taproot(_ curve: borrowing Curve) -> MessageVerdict {
        guard input.script.isEmpty, let first = input.witness.first else { return Self.wrong }
        guard input.witness.count == 1 else {
            return .inconclusive("a script of a taproot tree is not run")
        }
        let isDefault = first.count == 64
        guard isDefault || (first.count == 65 && first[64] == 1) else { return Self.wrong }
        let type: SighashType = isDefault ? .default : .all
        let digest = midstates.taprootSighash(at: place, type: type)
        let isGood = curve.verifySchnorr(
            signature: Bytes64(copying: first.span.extracting(..<64)),
            digest: digest,
            publicKey: Bytes32(copying: script.span.extracting(2...))
        )
        return isGood ? Self.valid : Self.wrong
    }

    /// Strict DER, low S, and ALL.
    private func isGood(
        _ signature: [UInt8],
        _ key: [UInt8],
        _ digest: Bytes32,
        _ curve: borrowing Curve
    ) -> Bool {
        guard signature.last == 1 else { return false }
        let der = Array(signature.dropLast())
        do throws(CryptoError) {
            let compact = try curve.compact(fromDER: der.span)
            return curve.verifyECDSA(signature: compact, digest: digest, publicKey: key.span)
        } catch {
            return false
        }
    }

    private var midstates: SighashMidstates {
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

    private func witnessDigest(_ code: [UInt8]) -> Bytes32 {
        midstates.segwitSighash(
            of: SpentInput(input, coins[place]),
            scriptCode: code.span,
            type: .all,
            singleOutput: nil
        )
    }

    private var legacyDigest: Bytes32 {
        var signed = transaction
        for index in signed.inputs.indices {
            signed.inputs[index].script = index == place ? script : []
        }
        var bytes = signed.serialized(witness: false)
        bytes.append(number: SighashType.all.rawValue)
        return SHA256.doubleHash(bytes.span)
    }

    /// What a script of plain minimal pushes of up to 520 bytes pushes; nothing of any other.
    private static func pushes(_ script: [UInt8]) -> [[UInt8]]? {
        var items: [[UInt8]] = []
        var place = 0
        while place < script.count {
            var (count, start) = (Int(script[place]), place + 1)
            if count == 0x4c, start < script.count {
                (count, start) = (Int(script[start]), start + 1)
                guard count > 75 else { return nil }
            } else {
                guard count <= 75 else { return nil }
            }
            guard start + count <= script.count else { return nil }
            items.append(Array(script[start..<start + count]))
            place = start + count
        }
        return items
    }
}
