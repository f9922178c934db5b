/// Something of a policy that does nothing, or not what it seems to; proven, never guessed.
package struct PolicyFlaw: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// No payment can match a rule.
        case deadRule = "dead-rule"
        /// All that a rule allows is denied by another.
        case deniedRule = "denied-rule"
        /// Another rule allows, or denies, all that a rule does.
        case shadowedRule = "shadowed-rule"
        /// What matches a rule never has room in a limit, or in the allowance.
        case ruleWithoutRoom = "rule-without-room"
        /// A limit that something else keeps from ever being reached.
        case idleLimit = "idle-limit"
        case unusedList = "unused-list"
        /// Nothing is ever signed from a wallet.
        case silentWallet = "silent-wallet"
    }

    package let kind: Kind
    /// `rule`, `limit`, `destinations` or `wallet`, and its name.
    package let subject: String
    package let name: String
    /// Where it stands in the source.
    package let line: Int?
    package let message: String

    /// `line 12, rule night: no payment can match it: …`
    package var words: String {
        "\(line.map { "line \($0), " } ?? "")\(subject) \(name): \(message)."
    }
}
