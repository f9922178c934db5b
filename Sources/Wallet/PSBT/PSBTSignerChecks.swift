private import Bitcoin
private import BitcoinCrypto

extension PSBT {
    /// The checks that BIP-174 demands of a signer, and of anyone who asks one: what is known of
    /// each spent output must be consistent, and fit its kind.
    package func checkForSigning() throws(PSBTError) {
        for index in inputs.indices {
            try inputs[index].checkForSigning(place: .input(index))
        }
    }
}

extension PSBTInput {
    func checkForSigning(place: PSBTPlace) throws(PSBTError) {
        // 1. Both sources say the same.
        if let provenCoin, let claimedCoin {
            let (proven, claimed) = (provenCoin.amount.satoshis, claimedCoin.amount.satoshis)
            guard proven == claimed else {
                throw PSBTError(place, .amountsDiffer(proven: proven, claimed: claimed))
            }
            guard provenCoin.script == claimedCoin.script else {
                throw PSBTError(place, .scriptsDiffer)
            }
        }
        // A finished input has shed its scripts; it is not signed any more.
        guard let coin, !isFinal else { return }
        // 2. A redeem script is the one that is paid to.
        var program = coin.script
        if let redeemScript {
            let hash = hash160(redeemScript.span).array
            guard coin.script == [0xa9, 0x14] + hash + [0x87] else {
                throw PSBTError(place, .redeemScriptMismatch)
            }
            program = redeemScript
        }
        // 3. Without the previous transaction only segwit outputs can be spent.
        guard provenCoin != nil || Self.isWitnessProgram(program) else {
            throw PSBTError(place, .witnessCoinForLegacyScript)
        }
        // 4. A witness script is the one in the program.
        if let witnessScript {
            let hash = SHA256.hash(witnessScript.span).array
            guard program == [0x00, 0x20] + hash else {
                throw PSBTError(place, .witnessScriptMismatch)
            }
        }
    }

    /// A version and a push of 2 to 40 bytes (BIP-141).
    static func isWitnessProgram(_ script: [UInt8]) -> Bool {
        guard (4...42).contains(script.count) else { return false }
        return (script[0] == 0 || (0x51...0x60).contains(script[0]))
            && Int(script[1]) == script.count - 2
    }
}
