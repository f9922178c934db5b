package import Bitcoin
package import Bytes

extension CheckedBundle {
    /// The network the policy is for.
    package var network: Network {
        guard let network = Network(rawValue: networkCode) else {
            preconditionFailure("unchecked network")
        }
        return network
    }

    /// The code of the network (protocol.md, section 1).
    package var networkCode: UInt8 { bytes[BundleHeader.networkOffset] }

    /// The hash of the bundle before this one; zero for the first.
    package var parentHash: Bytes32 { bytes32(at: BundleHeader.parentOffset) }

    /// SHA-256 of the source.
    package var sourceHash: Bytes32 { bytes32(at: BundleHeader.sourceHashOffset) }

    /// The TOML text the bundle was compiled from, byte for byte.
    package var source: Span<UInt8> {
        @_lifetime(copy self) get {
            bytes.extracting(layout.source..<(layout.source + layout.sourceCount))
        }
    }

    private func bytes32(at offset: Int) -> Bytes32 {
        Bytes32(copying: bytes.extracting(offset..<(offset + 32)))
    }
}
