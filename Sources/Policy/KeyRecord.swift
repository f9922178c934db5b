package import Bytes

/// One key of a wallet of a checked bundle, read in place.
package struct KeyRecord: ~Escapable {
    /// The code for a key that stands for itself, without a branch or an index.
    static let itself: UInt8 = 255

    let bytes: Span<UInt8>
    let start: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, at start: Int) {
        self.bytes = bytes
        self.start = start
    }

    package var kind: KeyKind {
        guard let kind = KeyKind(rawValue: bytes[start]) else {
            preconditionFailure("unchecked key")
        }
        return kind
    }

    /// The number of steps from the master key to an own key, 1 to 8.
    package var stepCount: Int { Int(bytes[start + 1]) }

    /// Step `place` of an own key's path, a BIP-32 number.
    package func step(_ place: Int) -> UInt32 {
        precondition(place >= 0 && place < stepCount, "no such step")
        return bytes.littleEndian32(at: start + 2 + 4 * place)
    }

    /// The chain code of an extended key.
    package var chainCode: Bytes32 {
        Bytes32(copying: bytes.extracting((start + 1)..<(start + 33)))
    }

    /// The compressed key of an extended or fixed key.
    package var key: Bytes33 {
        Bytes33(copying: bytes.extracting((bodyEnd - 33)..<bodyEnd))
    }

    /// The places among the wallet's keys of those that are aggregated, ascending, 2 to 16.
    package var participants: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting((start + 2)..<bodyEnd) }
    }

    /// What is below the key: 1 to 16 branches and the index, 0 the index alone, 255 nothing.
    var branchCode: UInt8 { kind == .fixed ? Self.itself : bytes[bodyEnd] }

    /// Whether the key is another at each index of its own accord.
    package var takesIndex: Bool { branchCode != Self.itself }

    /// The number of branches, 0 to 16.
    package var branchCount: Int { takesIndex ? Int(branchCode) : 0 }

    /// Branch `place` of the multipath tuple, an unhardened BIP-32 number.
    package func branch(_ place: Int) -> UInt32 {
        precondition(place >= 0 && place < branchCount, "no such branch")
        return bytes.littleEndian32(at: bodyEnd + 1 + 4 * place)
    }

    /// The key as it stands in the bundle, without its branches.
    var body: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting(start..<bodyEnd) }
    }

    /// Where the branches begin.
    private var bodyEnd: Int {
        switch kind {
        case .own: start + 2 + 4 * stepCount
        case .extended: start + 1 + 32 + 33
        case .fixed: start + 1 + 33
        case .aggregate: start + 2 + Int(bytes[start + 1])
        }
    }

    var end: Int { kind == .fixed ? bodyEnd : bodyEnd + 1 + 4 * branchCount }
}

/// Where a key of a wallet comes from. The raw value is its number in a bundle.
package enum KeyKind: UInt8, Sendable {
    /// Derived from the signer's seed.
    case own = 1
    /// A cosigner's, with its chain code.
    case extended = 2
    /// A cosigner's, the same in every script.
    case fixed = 3
    /// The aggregate of other keys of the wallet (BIP-327).
    case aggregate = 4
}
