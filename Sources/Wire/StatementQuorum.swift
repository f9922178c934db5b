package import Policy

/// Why a statement is not the admins' word.
package enum StatementFault: Error, Equatable, Sendable {
    /// A signature is not good, or not by an admin of the policy.
    case foreignSignature(place: Int)
    case quorumNotReached(needed: Int, found: Int)
}

/// The rule by which admins decide: every signature is good, and enough different admins signed.
/// The signer asks it before it holds to a statement, an auditor of the leaf that says so.
extension StatementText {
    /// Returns if these signatures make the text a decision of the bundle's admins.
    package func verify(
        _ signatures: consuming StatementSignatures,
        _ bundle: borrowing CheckedBundle
    ) throws(StatementFault) {
        var hasSigned = InlineArray<256, Bool>(repeating: false)
        var found = 0
        var place = 0
        while let signature = signatures.next() {
            guard let admin = admin(signature, bundle) else {
                throw .foreignSignature(place: place)
            }
            if !hasSigned[admin] { found += 1 }
            hasSigned[admin] = true
            place += 1
        }
        // Without admins nothing can be decided at all.
        guard bundle.adminThreshold > 0, found >= bundle.adminThreshold else {
            throw .quorumNotReached(needed: bundle.adminThreshold, found: found)
        }
    }

    /// The place of the admin who made the signature, if one did.
    private func admin(
        _ signature: Span<UInt8>,
        _ bundle: borrowing CheckedBundle
    ) -> Int? {
        for place in 0..<bundle.adminCount {
            do throws(SSHSignatureError) {
                try SSHSignature.verify(
                    blob: signature,
                    message: bytes,
                    namespace: Self.namespace,
                    key: bundle.adminKey(at: place)
                )
                return place
            } catch {
                // Somebody else's, or none at all: the next admin is tried.
            }
        }
        return nil
    }
}
