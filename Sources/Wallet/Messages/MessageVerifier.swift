import Bitcoin
package import BitcoinCrypto
import Bytes

/// What can be said of a signature of a message (BIP-322, Verification).
package enum MessageVerdict: Equatable, Sendable {
    /// The signature is good; from that lock time on, at that age, where it has any.
    case valid(lockTime: UInt32, sequence: UInt32)
    case invalid(String)
    /// There is a script in it that we do not run.
    case inconclusive(String)
}

/// Verifies messages of addresses of one key, and of multisig in P2WSH. Other scripts are not run.
package struct MessageVerifier: ~Copyable {
    private let text: [UInt8]
    private let script: [UInt8]
    private let curve: Curve

    /// For a text and the script of the address that is said to have signed it.
    package init(text: [UInt8], script: [UInt8]) throws(CryptoError) {
        self.text = text
        self.script = script
        curve = try Curve(blindingSeed: nil)
    }

    package func verdict(on signature: MessageSignature) -> MessageVerdict {
        let spent = MessageOrder.toSpend(text, script: script)
        let previous = OutPoint(txid: spent.id, vout: 0)
        let address = Coin(amount: .zero, script: script)
        switch signature {
        case .legacy(let header, let signature): return legacy(header, signature)
        case .simple(let witness):
            let kind = ScriptKind(of: script.span)
            guard kind == .p2wpkh || kind == .p2wsh || kind == .p2tr else {
                return .invalid("a simple signature of an address that is not native segwit")
            }
            let input = Transaction.Input(previous: previous, sequence: 0, witness: witness)
            let transaction = Transaction(
                version: 0,
                inputs: [input],
                outputs: [MessageOrder.toSignOutput],
                lockTime: 0
            )
            return verdict(on: transaction, [address])
        case .full(let transaction):
            guard transaction.inputs.count == 1 else {
                return .invalid("a full signature with further inputs, which only a proof has")
            }
            return verdict(on: transaction, [address])
        case .proofOfFunds(let psbt):
            let coins = psbt.inputs.dropFirst().compactMap(\.coin)
            guard coins.count + 1 == psbt.inputs.count else {
                return .invalid("a proof that does not give what its coins hold")
            }
            do throws(PSBTError) {
                return verdict(on: try psbt.extract(), [address] + coins)
            } catch {
                return .invalid("a proof that is not complete: \(error)")
            }
        }
    }

    private func verdict(on toSign: Transaction, _ coins: [Coin]) -> MessageVerdict {
        let spent = MessageOrder.toSpend(text, script: script)
        guard let first = toSign.inputs.first,
            first.previous == OutPoint(txid: spent.id, vout: 0),
            toSign.outputs == [MessageOrder.toSignOutput]
        else { return .invalid("it is of another message or address") }
        guard toSign.version == 0 || toSign.version == 2 else {
            return .inconclusive("a transaction of version \(toSign.version)")
        }
        guard Set(toSign.inputs.map(\.previous)).count == toSign.inputs.count else {
            return .invalid("a coin twice")
        }
        var open: String?
        for place in toSign.inputs.indices {
            let check = InputVerification(toSign, coins, place)
            switch check.verdict(curve) {
            case .invalid(let why): return .invalid(why)
            case .inconclusive(let why): open = open ?? why
            case .valid: continue
            }
        }
        if let open { return .inconclusive(open) }
        return .valid(lockTime: toSign.lockTime, sequence: first.sequence)
    }

    /// Of headers only the kind of address says what is meant: many programs write the one of P2PKH
    /// for every kind.
    private func legacy(_ header: UInt8, _ signature: Bytes64) -> MessageVerdict {
        guard (27...42).contains(header) else { return .invalid("a header that there is not") }
        let digest = SignedMessage.legacyDigest(text.span)
        let number = Int(header - 27) % 4
        guard let key = curve.recoverECDSA(signature: signature, digest: digest, number: number)
        else { return .invalid("no key made it") }
        let hash = hash160(key.span)
        let nested = ScriptTemplate.p2wpkh(keyHash: hash).bytes.array
        var scripts = [nested, [0xa9, 20] + hash160(nested.span).array + [0x87]]
        scripts.append([0x76, 0xa9, 20] + hash.array + [0x88, 0xac])
        if header < 31, let long = uncompressedHash(key) {
            scripts = [[0x76, 0xa9, 20] + long + [0x88, 0xac]]
        }
        guard scripts.contains(script) else { return .invalid("another key made it") }
        return .valid(lockTime: 0, sequence: 0)
    }

    private func uncompressedHash(_ key: Bytes33) -> [UInt8]? {
        do throws(CryptoError) {
            return hash160(try curve.uncompress(key).span).array
        } catch {
            return nil
        }
    }
}

extension Span<UInt8> {
    fileprivate var array: [UInt8] { [UInt8](copying: self) }
}
