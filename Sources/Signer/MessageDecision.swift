import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Wire

/// What is true of a message, once every claim in it was verified.
struct VerifiedMessage {
    let wallet: OwnWallet
    let address: AddressScript
    /// The id of `to_spend`, or the digest that is signed in the legacy format.
    let anchor: Bytes32
    let inputsDigest: Bytes32
    /// Satoshi that the coins of a proof are said to hold.
    let inputAmount: UInt64
}

extension Decision {
    /// The policy's answer on a message whose every claim was verified.
    static func evaluate(
        _ message: borrowing MessageRequest,
        _ verified: VerifiedMessage,
        digest: Bytes32,
        _ inquiry: Inquiry,
        _ home: borrowing Home,
        _ leaf: inout LeafDraft
    ) -> Decision {
        let bundle = home.policy.bundle
        let policy = home.policy.identity
        let leafKey = home.secrets.leafKey
        let allowed = Decision(verdict: .allow, refusal: .none, digest: digest)
        let asked = inquiry.facts(under: bundle)
        // A span of it is taken below, so it has a name of its own.
        let address = verified.address
        leaf.reset()
        leaf.append { writer throws(ByteError) in
            try allowed.head(policy, leafKey).write(to: &writer)
            let bits = DecisionBits.factsFollow | DecisionBits.message
            try writer.writeUInt8(asked == nil ? bits : bits | DecisionBits.askedFollows)
            if let asked { try asked.write(to: &writer) }
            try MessageLeafFacts(
                format: message.format,
                walletID: message.walletID,
                branch: message.claim.branch,
                index: message.claim.index,
                addressScript: address.script,
                anchor: verified.anchor,
                inputCount: UInt16(message.inputCount),
                inputsDigest: verified.inputsDigest,
                inputAmount: verified.inputAmount,
                text: message.text
            ).write(to: &writer)
        }
        leaf.beginRules()
        let facts = message.policyFacts(verified.wallet, inquiry.asking(under: bundle))
        let verdict = bundle.evaluate(facts, into: &leaf)
        return allowed.concluded(verdict, byteCount: message.text.count, home, &leaf)
    }
}

extension MessageRequest {
    /// The facts as the policy asks for them, once the message was verified.
    @_lifetime(copy self)
    func policyFacts(_ wallet: OwnWallet, _ asking: Asking) -> MessageFacts {
        MessageFacts(
            wallet: wallet.place,
            format: format,
            branch: claim.branch,
            index: claim.index,
            coins: coins,
            text: text,
            asking: asking
        )
    }
    private var coins: CoinAddresses {
        var addresses = CoinAddresses()
        var reader = ByteReader(inputBytes)
        do throws(ByteError) {
            for _ in 0..<inputCount {
                let claim = try RequestInput(reading: &reader).claim
                addresses.add(branch: claim.branch, index: claim.index)
            }
        } catch {
            preconditionFailure("every input was verified")
        }
        return addresses
    }
}
