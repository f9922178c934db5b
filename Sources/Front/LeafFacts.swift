private import Bitcoin
private import Bytes
private import Policy
private import Wallet
private import Wire

/// One entry of the log for people and scripts. Which fields are there depends on the kind.
package struct LeafFacts: Codable, Equatable, Sendable {
    package struct Destination: Codable, Equatable, Sendable {
        package var amount: UInt64
        /// The output script, hexadecimal.
        package var script: String
    }

    /// A message that was asked for.
    package struct Message: Codable, Equatable, Sendable {
        /// `bip322`, `proof-of-funds` or `legacy`.
        package var format: String
        package var text: String
        /// The output script of the address that signs, hexadecimal.
        package var script: String
        package var branch: UInt8
        package var index: UInt32
        /// The id of `to_spend`, as explorers print one; of the legacy format the digest.
        package var toSpend: String
        /// The coins of a proof of funds, and what they were said to hold.
        package var coins: UInt16
        package var claimedAmount: UInt64
    }

    /// `decision`, `charge`, `coalesced`, `note` or `event`.
    package var kind: String
    package var verdict: String?
    package var refusal: String?
    package var refusalIndex: UInt32?
    /// What `refusalIndex` counts, and the name that the policy gives it (`LeafNames`).
    package var subject: String?
    package var subjectName: String?
    package var expected: UInt64?
    package var found: UInt64?
    package var digest: String?
    package var policyHash: String?
    package var txid: String?
    package var outflow: UInt64?
    package var fee: UInt64?
    package var vsize: UInt32?
    /// Whether the amount of every input was checked against its parent. If not, all inputs are
    /// taproot, whose signatures commit to the amounts.
    package var amountsChecked: Bool?
    /// The sighash types beside ALL and DEFAULT; missing where there are none. With any, others can
    /// change the payment, and outflow and fee are the most that can leave.
    package var sighashes: [String]?
    /// The digest of the request that this one replaces, and satoshi that left with that.
    package var replaces: String?
    package var replacedOutflow: UInt64?
    /// Under a policy with conditions: when it was asked (nanoseconds since 1970), what holds the
    /// payment back (`none`, `height`, `time`, `relative`), and whether it can be replaced; of what
    /// others can change, all that may be.
    package var askedAt: UInt64?
    package var locks: [String]?
    package var replaceable: [Bool]?
    package var walletID: String?
    package var destinations: [Destination]?
    package var message: Message?
    /// Places of the matching allow rules in the policy.
    package var rules: [UInt16]?
    /// Their names, and those of the rule and the limit of a charge, where the policy is at hand
    /// (`LeafNames`).
    package var ruleNames: [String]?
    package var ruleName: String?
    package var limitName: String?
    package var decisionIndex: UInt64?
    /// `charged`, `limit-exceeded` or `refused-by-signer`.
    package var outcome: String?
    package var rule: UInt16?
    package var limit: UInt16?
    package var requester: UInt32?
    package var count: UInt64?
    /// Of a note or of the signer.
    package var event: String?
    package var detail: String?
    package var homeID: String?
    package var logNumber: UInt32?
    package var logSize: UInt64?
    package var root: String?
    package var allowanceTotal: UInt64?
    package var allowanceSpent: UInt64?
    package var kernelBits: UInt32?
    /// How many signatures of admins the signer held for it.
    package var adminSignatures: Int?
    /// Nanoseconds since 1970.
    package var logTime: UInt64?
    /// Whether the kernel called the gate's clock synchronised.
    package var clockSynchronized: Bool?
    /// As the kernel had it; missing where it did not say.
    package var clockErrorMicroseconds: UInt32?

    private init(kind: String) {
        self.kind = kind
    }

    /// Reads a leaf to its last byte.
    package init(reading leaf: [UInt8]) throws(FrontError) {
        do {
            var reader = ByteReader(leaf.span)
            switch try LeafHeader(reading: &reader).kind {
            case .decision: self = try Self.decision(leaf)
            case .charge: self = try Self.charge(leaf)
            case .coalescedRefusals: self = try Self.coalesced(leaf)
            case .note: self = try Self.note(leaf)
            case .event: self = try Self.event(leaf)
            }
        } catch {
            throw .failed("an entry that is not in the form of the protocol: \(error)")
        }
    }

    private static func decision(_ bytes: [UInt8]) throws(ByteError) -> LeafFacts {
        let leaf = try DecisionLeaf(reading: bytes.span)
        var facts = LeafFacts(kind: "decision")
        facts.digest = leaf.head.digest.hexDigits
        facts.policyHash = leaf.head.bundleHash.hexDigits
        switch leaf.head.verdict {
        case .allow: facts.verdict = "allow"
        case .needsApproval: facts.verdict = "needs-approval"
        case .refuse:
            facts.verdict = "refuse"
            let report = RefusalWords.report(stage: "signer", leaf.head.refusal)
            facts.refusal = report.name
            facts.refusalIndex = report.index
            facts.subject = report.index == nil ? nil : report.subject
            facts.expected = report.expected
            facts.found = report.found
        }
        if let asked = leaf.asked {
            facts.requester = asked.requester
            facts.askedAt = asked.time
            if leaf.message == nil {
                facts.locks = members(["none", "height", "time", "relative"], asked.lockTimes)
                facts.replaceable = members([false, true], asked.replaceable)
            }
        }
        if let message = leaf.message {
            facts.walletID = message.walletID.hexDigits
            facts.message = Message(message)
            facts.rules = rules(of: leaf)
        }
        guard let known = leaf.facts else { return facts }
        facts.txid = known.txid.reversedHexDigits
        facts.outflow = known.outflow
        facts.fee = known.fee
        facts.vsize = known.vsize
        facts.amountsChecked = leaf.areAmountsChecked
        if leaf.sighashes != 0 { facts.sighashes = SighashPermission.names(leaf.sighashes) }
        facts.replaces = leaf.replaced?.digest.hexDigits
        facts.replacedOutflow = leaf.replaced?.outflow
        facts.walletID = known.walletID.hexDigits
        var destinations: [Destination] = []
        var list = leaf.destinations
        while let next = list.next() {
            let script = [UInt8](copying: next.script)
            destinations.append(Destination(amount: next.amount, script: script.hexDigits))
        }
        facts.destinations = destinations
        facts.rules = rules(of: leaf)
        return facts
    }

    private static func rules(of leaf: borrowing DecisionLeaf) -> [UInt16] {
        var rules: [UInt16] = []
        var matching = leaf.rules
        while let next = matching.next() { rules.append(next.rule) }
        return rules
    }

    /// What of a set is there, by its bits.
    private static func members<Member>(_ all: [Member], _ bits: UInt8) -> [Member] {
        all.indices.filter { bits >> UInt8($0) & 1 == 1 }.map { all[$0] }
    }

    /// The types in a mask of a rule or a request, in words.
    static func names(ofSighashes mask: UInt8) -> String {
        mask == 0
            ? "ALL and DEFAULT only" : SighashPermission.names(mask).joined(separator: ", ")
    }

    private static func charge(_ bytes: [UInt8]) throws(ByteError) -> LeafFacts {
        let leaf = try ChargeLeaf(reading: bytes.span)
        var facts = LeafFacts(kind: "charge")
        facts.decisionIndex = leaf.decisionIndex
        facts.outcome =
            switch leaf.outcome {
            case .charged: "charged"
            case .limitExceeded: "limit-exceeded"
            case .refusedBySigner: "refused-by-signer"
            }
        facts.rule = leaf.rule == ChargeLeaf.none ? nil : leaf.rule
        facts.limit = leaf.limit == ChargeLeaf.none ? nil : leaf.limit
        facts.requester = leaf.requester
        facts.take(leaf.time)
        return facts
    }

    private static func coalesced(_ bytes: [UInt8]) throws(ByteError) -> LeafFacts {
        let leaf = try CoalescedLeaf(reading: bytes.span)
        var facts = LeafFacts(kind: "coalesced")
        facts.requester = leaf.requester
        facts.refusal =
            RefusalWords.report(
                stage: "signer",
                RefusalDetail(rawCode: leaf.code)
            ).name
        facts.count = leaf.count
        facts.take(leaf.time)
        return facts
    }

    private static func note(_ bytes: [UInt8]) throws(ByteError) -> LeafFacts {
        let leaf = try NoteLeaf(reading: bytes.span)
        var facts = LeafFacts(kind: "note")
        facts.event =
            switch leaf.event {
            case .start: "start"
            case .stop: "stop"
            case .heartbeat: "heartbeat"
            case .tornTailCut: "torn-tail-cut"
            case .clockStep: "clock-step"
            }
        let detail = [UInt8](copying: leaf.detail)
        facts.detail = detail.isEmpty ? nil : detail.hexDigits
        facts.take(leaf.time)
        return facts
    }

    private static func event(_ bytes: [UInt8]) throws(ByteError) -> LeafFacts {
        let leaf = try EventLeaf(reading: bytes.span)
        var facts = LeafFacts(kind: "event")
        facts.event =
            switch leaf.head.event {
            case .unlock: "unlock"
            case .refill: "refill"
            case .recover: "recover"
            }
        let head = leaf.head
        facts.homeID = head.place.homeID.hexDigits
        facts.logNumber = head.place.logNumber
        facts.logSize = head.place.logSize
        facts.root = head.place.root.hexDigits
        facts.policyHash = head.bundleHash.hexDigits
        facts.allowanceTotal = head.allowanceTotal
        facts.allowanceSpent = head.allowanceSpent
        facts.kernelBits = head.kernel
        facts.adminSignatures = leaf.signatures.left
        return facts
    }

    private mutating func take(_ time: LeafTime) {
        logTime = time.logTime
        clockSynchronized = time.sync == 1
        clockErrorMicroseconds =
            time.maxErrorMicroseconds == .max ? nil : time.maxErrorMicroseconds
    }
}
