import Bitcoin
private import BitcoinCrypto
private import Policy
package import Wallet

/// What the command line knows of a message it asked for; the front's answer is held against it.
package struct MessageExpectation: Sendable {
    package let text: [UInt8]
    /// Of the address that signs.
    package let script: [UInt8]
    package let format: String

    /// Of what is asked for, with the script that was derived here.
    package init(_ question: MessageQuestion, script: [UInt8]) {
        text = Array(question.text.utf8)
        self.script = script
        let format: MessageFormat =
            question.legacy ? .legacy : question.coins.isEmpty ? .bip322 : .proofOfFunds
        self.format = format.name
    }

    /// Of a PSBT as BIP-322 has it.
    package init(_ psbt: [UInt8]) throws(FrontError) {
        let read = try PSBTReading(psbt).psbt
        guard let text = read.global.value(PSBTFieldType.signedMessage),
            let coin = read.inputs.first?.coin
        else {
            throw .refused(
                RefusalReport(
                    .malformedPSBT,
                    message: "the PSBT has no message in it (BIP-322)",
                    remedy: "make it with portcullis message sign --psbt, or another tool that "
                        + "knows PSBT_GLOBAL_GENERIC_SIGNED_MESSAGE"
                )
            )
        }
        self.text = text
        script = coin.script
        let format: MessageFormat = read.inputs.count == 1 ? .bip322 : .proofOfFunds
        self.format = format.name
    }

    /// The outpoint that `to_sign` must spend first.
    fileprivate var previous: OutPoint {
        OutPoint(txid: MessageOrder.toSpend(text, script: script).id, vout: 0)
    }
}

extension Answer {
    /// Throws unless the answer is about the message that was asked for: the receipt, whose
    /// signature was verified before, and the signature itself as far as keys go.
    package static func check(
        _ facts: MessageSignedFacts,
        _ attachment: [UInt8],
        _ receipt: Receipt,
        _ expected: MessageExpectation
    ) throws(FrontError) {
        let leaf = try LeafFacts(reading: receipt.leaf)
        guard leaf.kind == "decision", leaf.verdict == "allow", let message = leaf.message,
            Array(message.text.utf8) == expected.text, message.format == expected.format,
            message.script == expected.script.hexDigits
        else { throw mismatch("a receipt of another message") }
        guard let text = facts.signature else {
            let psbt = try PSBTReading(attachment).psbt
            guard psbt.transaction.inputs.first?.previous == expected.previous,
                psbt.transaction.outputs == [MessageOrder.toSignOutput]
            else { throw mismatch("another message") }
            return
        }
        guard let signature = MessageSignature(text) else { throw mismatch("no signature") }
        switch try Messages.verdict(on: signature, expected.text, expected.script) {
        case .valid, .inconclusive: return
        case .invalid(let why): throw mismatch("a wrong signature (\(why))")
        }
    }
}

/// Messages without an appliance.
package enum Messages {
    /// A coin that a proof of funds shows, as it says itself.
    package struct Coin: Encodable, Equatable, Sendable {
        package var txid: String
        package var vout: UInt32
        package var amount: UInt64
    }

    package static func coins(of signature: MessageSignature) -> [Coin] {
        guard case .proofOfFunds(let psbt) = signature else { return [] }
        return zip(psbt.transaction.inputs, psbt.inputs).dropFirst().map { input, known in
            Coin(
                txid: input.previous.txid.description,
                vout: input.previous.vout,
                amount: known.coin?.amount.satoshis ?? 0
            )
        }
    }

    package static func verdict(
        on signature: MessageSignature,
        _ text: [UInt8],
        _ script: [UInt8]
    ) throws(FrontError) -> MessageVerdict {
        do throws(CryptoError) {
            return try MessageVerifier(text: text, script: script).verdict(on: signature)
        } catch {
            throw .failed("the curve library does not start: \(error)")
        }
    }

    /// The script of an address of any network.
    package static func script(ofAddress text: String) throws(FrontError) -> [UInt8] {
        for network in [Network.main, .test, .testnet4, .signet, .regtest] {
            do throws(BitcoinError) {
                return try AddressText.read(text, network: network)
            } catch {
                continue
            }
        }
        throw .usage("\(text) is no address")
    }

    /// Joins what several signers made of one PSBT, and finishes it with what a home knows of its
    /// wallets.
    package static func combine(
        _ parts: [[UInt8]],
        facts: HomeFacts,
        full: Bool
    ) throws(FrontError) -> MessageSignature {
        let keys = try WalletKeys(facts)
        var wallets = WalletSet(keys.wallets)
        guard let first = parts.first else { throw .usage("name at least one PSBT") }
        var psbt = try PSBTReading(first).psbt
        do {
            for part in parts.dropFirst() { try psbt.combine(with: try PSBTReading(part).psbt) }
            let curve = try Curve(blindingSeed: nil)
            let request = try SigningRequest(
                message: psbt,
                wallets: &wallets,
                network: keys.network,
                curve: curve
            )
            try psbt.finalize(with: request.satisfier(wallets))
            return try MessageSignature(of: psbt, full: full)
        } catch let error as FrontError {
            throw error
        } catch let error as PSBTError {
            throw .refused(RefusalReport(error))
        } catch let error as RequestError {
            throw .refused(RefusalReport(error))
        } catch {
            throw .failed("the PSBTs cannot be combined: \(error)")
        }
    }
}

extension WalletKeys {
    /// Where an address of ours stands, among the first 1,000 of each branch.
    package func place(
        ofAddress text: String
    ) throws(FrontError) -> (place: Ownership, script: [UInt8]) {
        let script: [UInt8]
        do throws(BitcoinError) {
            script = try AddressText.read(text, network: network)
        } catch {
            throw .usage("--address: \(text) is no address of this network")
        }
        var set = WalletSet(wallets)
        let found: Owner?
        do {
            let curve = try Curve(blindingSeed: nil)
            found = try set.owner(of: script, derivations: [], at: .whole, curve: curve)
        } catch {
            throw .failed("our addresses cannot be derived: \(error)")
        }
        guard let found else {
            throw .usage(
                "--address: \(text) is not among the first 1,000 of our addresses. Name its place "
                    + "with --wallet and --index"
            )
        }
        let name = wallets[found.wallet].name
        let (branch, index) = (found.place.branch, found.place.index)
        return (Ownership(wallet: name, branch: branch, index: index), script)
    }
}
