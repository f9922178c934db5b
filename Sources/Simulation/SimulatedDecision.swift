package import Bytes

/// A decision of the log, and what another policy would have made of it.
package struct SimulatedDecision: Equatable, Sendable {
    /// What a request came to.
    package enum Verdict: Equatable, Sendable {
        /// Signed, by this rule; nothing where it was signed before, and is free.
        case allowed(rule: String?)
        /// By the policy: the name of the refusal, and of the rule that came nearest.
        case refused(name: String, rule: String?)
        /// A limit had no room.
        case limited(limit: String)

        package var isAllowed: Bool {
            if case .allowed = self { true } else { false }
        }
    }

    /// The decision's place in the log.
    package let index: UInt64
    /// Nanoseconds since 1970.
    package let logTime: UInt64
    package let requester: UInt32
    /// Of a payment.
    package let txid: Bytes32?
    package let outflow: UInt64
    package let fee: UInt64
    package let was: Verdict
    package let would: Verdict

    package var isChanged: Bool { was.isAllowed != would.isAllowed }
}

/// A log that was run again under another policy.
package struct SimulatedLog: Equatable, Sendable {
    package var decisions: [SimulatedDecision] = []
    /// Refused by checks that no policy changes, or allowed and never released: as they were.
    package var untouched: UInt64 = 0
    /// Proofs of funds, whose coins' addresses no leaf has.
    package var unknown: UInt64 = 0
}
