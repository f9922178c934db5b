package import Bitcoin

/// One script of a wallet of a checked bundle, read in place.
package struct LeafRecord: ~Escapable {
    package static let holeCountMax = 40
    package static let tapscriptVersion: UInt8 = 0xc0
    /// The most weight units of a satisfaction: all of a standard transaction (Bitcoin Core).
    package static let satisfactionWeightMax = 400_000
    /// The deepest leaf of a tree of 64.
    package static let depthMax = 63

    /// The steps from the root of the tree.
    package let depth: Int
    package let version: UInt8
    /// The weight units that the largest satisfaction adds to an input with an empty script.
    package let satisfactionWeight: Int
    package let template: LeafTemplate
    let end: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, at start: Int) {
        depth = Int(bytes[start])
        version = bytes[start + 1]
        satisfactionWeight = Int(bytes.littleEndian32(at: start + 2))
        let scriptEnd = start + 8 + Int(bytes.littleEndian16(at: start + 6))
        let holesEnd = scriptEnd + 1 + LeafTemplate.holeByteCount * Int(bytes[scriptEnd])
        end = holesEnd + 1 + LeafTemplate.groupByteCount * Int(bytes[holesEnd])
        template = LeafTemplate(
            script: bytes.extracting((start + 8)..<scriptEnd),
            holes: bytes.extracting((scriptEnd + 1)..<holesEnd),
            groups: bytes.extracting((holesEnd + 1)..<end)
        )
    }
}

/// The scripts of a wallet, in the order of the tree: depth first, left to right.
package struct WalletLeaves: ~Escapable {
    private let bytes: Span<UInt8>
    private(set) var offset: Int
    private var left: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, from offset: Int, count: Int) {
        self.bytes = bytes
        self.offset = offset
        left = count
    }

    /// The next script, or nothing at the end.
    @_lifetime(copy self)
    package mutating func next() -> LeafRecord? {
        guard left > 0 else { return nil }
        left -= 1
        let leaf = LeafRecord(bytes, at: offset)
        offset = leaf.end
        return leaf
    }
}
