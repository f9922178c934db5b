/// A Bitcoin network. The raw value is its number in our formats (docs/protocol.md, section 1).
package enum Network: UInt8, Sendable {
    case main = 0
    /// The third test network, the one that BIPs simply call testnet.
    case test = 1
    case testnet4 = 2
    case signet = 3
    case regtest = 4
}
