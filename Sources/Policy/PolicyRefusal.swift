/// Why the policy refuses a transaction; a code or name never changes once released.
package enum PolicyRefusal: UInt16, Equatable, Sendable {
    /// No allow rule is about the wallet that pays. `expected` 0, `found` the wallet's index.
    case noRuleForWallet = 200
    /// More leaves the wallet than the rule allows. Satoshi.
    case outflowOverMaximum = 201
    /// The fee is over the rule's. Satoshi.
    case feeOverMaximum = 202
    /// The fee rate is over the rule's. Satoshi per 1,000 virtual bytes, rounded up.
    case feerateOverMaximum = 203
    /// An output pays outside the rule's lists. `expected` the lists as bits, `found` the output.
    case destinationNotListed = 204
    /// A deny rule matched. `expected` its lists as bits (0: any), `found` the lists paid to.
    case deniedByRule = 205
    /// A signature of a type that the rule does not permit. `expected` the types it does, `found`
    /// those of the request, as bits (`SighashPermission`).
    case sighashNotInRule = 206
    /// No rule allows messages of the wallet. `expected` 0, `found` the wallet's index.
    case noRuleForMessage = 207
    /// The rule that came nearest allows other messages. `expected` what differs: 1 format, 2
    /// branch, 3 index, 4 text; `found` the format, branch or index, or the text's length.
    case messageNotMatched = 208
}

/// One reason for a refusal with the numbers that explain it.
package struct PolicyFinding: Equatable, Sendable {
    /// What `rule` holds when no rule is to be named.
    package static let noRule = UInt32.max

    package let refusal: PolicyRefusal
    /// The place of the rule in the bundle, or `noRule`.
    package let rule: UInt32
    package let expected: UInt64
    package let found: UInt64

    package init(refusal: PolicyRefusal, rule: UInt32, expected: UInt64, found: UInt64) {
        self.refusal = refusal
        self.rule = rule
        self.expected = expected
        self.found = found
    }
}

/// What the policy says about one transaction.
package enum PolicyVerdict: Equatable, Sendable {
    case allow
    case refuse(PolicyFinding)
}
