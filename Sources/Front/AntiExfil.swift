private import Bitcoin
package import BitcoinCrypto
private import Bytes
private import Wallet

/// The command line's side of sign to contract: it contributes to every nonce, and sees that every
/// signature holds its contribution. Neither front nor signer can then choose a nonce that tells
/// secrets to whoever sees the signatures.
package enum AntiExfil {
    /// Throws unless each signature of the answer starts from the point that was opened for it and
    /// holds the host nonce, and the result is what these signatures make of the PSBT that was
    /// given, byte for byte: there is no place in it for anything that was not shown. Each is
    /// verified on the way, so that none can be a message in the form of a signature.
    package static func check(
        _ facts: SignedFacts,
        _ result: [UInt8],
        openings: [String],
        host: HostNonce,
        against given: [UInt8],
        of home: HomeFacts
    ) throws(FrontError) {
        let curve = try curve()
        let operations = try FrontOperations(home, policy: nil)
        let scheme = try operations.scheme(of: given, host: host)
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
        let expected: [UInt8]
        do throws(FrontError) {
            expected = try operations.result(
                of: given,
                seen,
                host: host,
                finalize: facts.finalized
            )
        } catch {
            throw broken("signatures that are not of this payment")
        }
        guard result == expected else { throw broken("a result that holds more than was shown") }
    }

    private static func curve() throws(FrontError) -> Curve {
        do throws(CryptoError) {
            return try Curve(blindingSeed: nil)
        } catch {
            throw .failed("the curve library does not start: \(error)")
        }
    }

    /// The first try had other openings for the same contribution.
    package static var changedOpenings: FrontError {
        broken("other openings than at the first try")
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
