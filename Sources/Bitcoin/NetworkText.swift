/// What texts and addresses say of a network.
extension Network {
    /// The name used in texts, origins and configuration.
    package var name: StaticString {
        switch self {
        case .main: "main"
        case .test: "test"
        case .testnet4: "testnet4"
        case .signet: "signet"
        case .regtest: "regtest"
        }
    }

    /// The human-readable part of segwit addresses (BIP-173).
    package var humanReadablePart: StaticString {
        switch self {
        case .main: "bc"
        case .test, .testnet4, .signet: "tb"
        case .regtest: "bcrt"
        }
    }

    /// The Base58Check version byte of an address that pays to a public key hash.
    package var keyHashVersion: UInt8 {
        switch self {
        case .main: 0x00
        case .test, .testnet4, .signet, .regtest: 0x6f
        }
    }

    /// The Base58Check version byte of an address that pays to a script hash.
    package var scriptHashVersion: UInt8 {
        switch self {
        case .main: 0x05
        case .test, .testnet4, .signet, .regtest: 0xc4
        }
    }
}
