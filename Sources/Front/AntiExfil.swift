private import Bitcoin
package import BitcoinCrypto
private import Bytes
private import Wallet

/// The command line's side of sign to contract: it contributes to every nonce, and sees that every
/// signature holds its contribution. Neither front nor signer can then choose a nonce that tells
/// secrets to whoever sees the signatures.
package enum AntiExfil {
    /// Throws unless each signature of the answer starts from the point that was opened for it and
    /// holds the host nonce, and the result has no other signature but those that were given.
    package static func check(
        _ facts: SignedFacts,
        _ result: [UInt8],
        openings: [String],
        host: HostNonce,
        against given: [UInt8]
    ) throws(FrontError) {
        let curve = try curve()
        let before: PSBT
        do {
            before = try PSBT(binary: given)
        } catch {
            throw .failed("the signatures cannot be checked: \(error)")
        }
        // One wallet pays, so all its signatures are of one scheme.
        let isTaproot = before.inputs.first?.coin.map {
            ScriptKind(of: $0.script.span) == .p2tr
        }
        let scheme: SignatureScheme = isTaproot == true ? .schnorr : .ecdsa
        let signatures = facts.signatures ?? []
        guard !signatures.isEmpty, signatures.count == openings.count else {
            throw broken("other signatures than it opened nonces for")
        }
        var seen: [Bytes64] = []
        for (signature, opening) in zip(signatures, openings) {
            guard let signature = [UInt8](hexDigits: signature), signature.count == 64,
                let opening = [UInt8](hexDigits: opening), opening.count == 33
            else { throw broken("what is no signature") }
            let made = Bytes64(copying: signature.span)
            let point = Bytes33(copying: opening.span)
            guard curve.verify(made, of: scheme, opening: point, host: host) else {
                throw broken("a signature whose nonce does not hold what this side contributed")
            }
            seen.append(made)
        }
        do {
            let allowed = try SignatureList(before, scheme, curve: curve).signatures + seen
            let found =
                try facts.finalized
                ? SignatureList(Transaction(result, form: .network), scheme, curve: curve)
                : SignatureList(PSBT(binary: result), scheme, curve: curve)
            guard !found.signatures.isEmpty, found.signatures.allSatisfy(allowed.contains) else {
                throw FrontError.failed("")
            }
        } catch {
            throw broken("a result with signatures that were not shown")
        }
    }

    private static func curve() throws(FrontError) -> Curve {
        do throws(CryptoError) {
            return try Curve(blindingSeed: nil)
        } catch {
            throw .failed("the curve library does not start: \(error)")
        }
    }

    private static func broken(_ what: String) -> FrontError {
        .refused(
            RefusalReport(
                .answerMismatch,
                message: "THE APPLIANCE ANSWERS WITH \(what.uppercased()): use nothing of it",
                remedy: "stop the appliance: its signer or its front may be in other hands, and "
                    + "may have told the keys already"
            )
        )
    }
}
