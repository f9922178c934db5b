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
    /// Less leaves the wallet than the rule is for. Satoshi.
    case outflowUnderMinimum = 209
    /// The fee is under the rule's. Satoshi.
    case feeUnderMinimum = 210
    /// The fee rate is under the rule's. Satoshi per 1,000 virtual bytes.
    case feerateUnderMinimum = 211
    /// The largest output that is not ours is over the rule's. Satoshi.
    case outputOverMaximum = 212
    /// The largest output that is not ours is under the rule's. Satoshi.
    case outputUnderMinimum = 213
    /// More or fewer inputs than the rule allows. `expected` the bound.
    case inputCount = 214
    /// More or fewer outputs than the rule allows. `expected` the bound.
    case outputCount = 215
    /// More or less of the outputs comes back than the rule allows. Millionths.
    case ownShare = 216
    /// An output not ours of a kind that the rule does not permit. Kinds as bits (`ScriptKinds`).
    case scriptKind = 217
    /// A lock time that the rule does not permit. Bits of `LockTimes`.
    case lockTimeKind = 218
    /// It signals that it can be replaced, or it does not. 1 it does not, 2 it does.
    case replaceability = 219
    /// It replaces another payment, or it does not. 1 it does not, 2 it does.
    case replacementKind = 220
    /// Somebody asks whom the rule does not name. `expected` how many it names, `found` the uid.
    case requester = 221
    /// At a time that is not the rule's. `expected` its zone's place, `found` seconds since 1970.
    case outsideTime = 222
    /// All holds but that people have to approve. `expected` how many groups, `found` 0.
    case approvalsNeeded = 223
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
