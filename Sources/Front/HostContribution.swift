package import BitcoinCrypto
package import Bytes

/// What the command line contributes to every nonce of a request; on a later try, with the points
/// that were opened for it at first.
///
/// Once the contribution was told, it is worth nothing against another opening: whoever knows both
/// can choose the nonce. So the same contribution goes with the same openings, or not at all.
package struct HostContribution: Sendable {
    package let nonce: HostNonce
    /// Of the openings of the first try; nothing on the first.
    package let openingsHash: Bytes32?

    package var isFirst: Bool { openingsHash == nil }

    /// Of a first try; the nonce is fresh.
    package init(_ nonce: HostNonce) {
        self.nonce = nonce
        openingsHash = nil
    }

    /// The one of an earlier try, or nothing if it is not 128 hexadecimal digits.
    package init?(again: String) {
        guard let bytes = [UInt8](hexDigits: again), bytes.count == 64 else { return nil }
        nonce = HostNonce(Bytes32(copying: bytes.span.extracting(0..<32)))
        openingsHash = Bytes32(copying: bytes.span.extracting(32..<64))
    }

    /// What a later try has to name: the contribution, and what was opened for it.
    package func again(after openings: [String]) -> String {
        nonce.bytes.hexDigits + Self.hash(openings).hexDigits
    }

    /// Of openings as the front tells them.
    package static func hash(_ openings: [String]) -> Bytes32 {
        SHA256.hash(Array(openings.joined(separator: " ").utf8).span)
    }
}
