private import Bytes
private import FoundationEssentials
private import Policy
private import Wire

/// Holds the refills and recoveries of a log against the admins of the policy: what the signer says
/// that admins allowed, they must have signed.
package struct AdminAudit: Sendable {
    private let bundle: [UInt8]
    /// What the policy says besides.
    package let policy: BundleFacts

    /// Reads the policy's bundle, whose hash must be `policyHash` where that is known.
    package init(bundle: [UInt8], policyHash: String?) throws(FrontError) {
        let facts = try BundleFacts(reading: bundle)
        guard policyHash == nil || facts.hash == policyHash else {
            throw .failed("public/bundle.bin is not the policy that public/home.json names")
        }
        self.bundle = bundle
        policy = facts
    }

    /// Whether these signatures make a statement the admins' decision; one that is nobody's is
    /// refused.
    package func isDecided(
        _ statement: AdminStatement,
        by signatures: [[UInt8]]
    ) throws(FrontError) -> Bool {
        try statement.isDecided(by: signatures, bundle)
    }

    /// Whether a public key, a line as OpenSSH keeps it, is an admin's.
    package func isAdmin(_ line: [UInt8]) throws(FrontError) -> Bool {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        guard words.count >= 2, let key = Data(base64Encoded: String(words[1])) else {
            return false
        }
        let wire = [UInt8](key)
        do {
            let policy = try CheckedBundle(checking: bundle.span)
            return (0..<policy.adminCount).contains { policy.adminKey(at: $0).equals(wire.span) }
        } catch {
            throw .failed("public/bundle.bin is not a policy bundle: \(error)")
        }
    }

    /// Checks one leaf; whether it is one that admins had to sign.
    package func check(_ leaf: [UInt8]) throws(FrontError) -> Bool {
        let fault: StatementFault
        do {
            let event = try EventLeaf(reading: leaf.span)
            guard let text = event.head.statement else { return false }
            let policy = try CheckedBundle(checking: bundle.span)
            guard event.head.bundleHash == policy.hash, event.head.place.epoch == policy.epoch
            else { throw FrontError.failed("it was made under another policy than this one") }
            do throws(StatementFault) {
                try text.verify(event.signatures, policy)
                return true
            } catch {
                fault = error
            }
        } catch let error as FrontError {
            throw error
        } catch {
            throw .failed("the event or the policy cannot be read: \(error)")
        }
        switch fault {
        case .foreignSignature(let place):
            throw .failed("signature \(place) is not by an admin of the policy over this event")
        case .quorumNotReached(let needed, let found):
            throw .failed("\(found) admins signed it, and the policy asks for \(needed)")
        }
    }
}
