extension Network {
    /// The version of a serialized extended public key (BIP-32), most significant byte first.
    package var extendedPublicKeyVersion: UInt32 {
        switch self {
        case .main: 0x0488_b21e
        case .test, .testnet4, .signet, .regtest: 0x0435_87cf
        }
    }

    /// The coin type in BIP-44 style paths (SLIP-44), without the hardening bit.
    package var coinType: UInt32 {
        switch self {
        case .main: 0
        case .test, .testnet4, .signet, .regtest: 1
        }
    }
}
