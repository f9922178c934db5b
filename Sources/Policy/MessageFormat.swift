/// How a message is signed. The raw value is its number in a request and in a leaf.
package enum MessageFormat: UInt8, Equatable, Sendable {
    /// BIP-322, simple or full: `to_sign` has one input.
    case bip322 = 1
    /// BIP-322 with proof of funds: further inputs of `to_sign` are coins.
    case proofOfFunds = 2
    /// "Bitcoin Signed Message", as BIP-137 has it.
    case legacy = 3

    /// Its bit in a rule.
    package var bit: UInt8 { 1 << (rawValue - 1) }
}
