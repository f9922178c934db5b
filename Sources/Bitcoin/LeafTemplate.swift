private import Bytes

/// A script with holes where the derived keys of one address stand (docs/protocol.md, section 4).
///
/// The three parts are those of a bundle that was checked, so every number in them is good.
package struct LeafTemplate: ~Escapable {
    /// `u16 offset | u8 key | u8 form` for each hole.
    package static let holeByteCount = 4
    /// `u8 firstHole | u8 count` for each group.
    package static let groupByteCount = 2
    /// A push, a key or its x coordinate, an opcode: where multi and multi_a, sorted or not, have
    /// one key after the other.
    private static let multiStride = 34

    /// The script, zero under the holes.
    package let script: Span<UInt8>
    package let holes: Span<UInt8>
    package let groups: Span<UInt8>

    @_lifetime(copy script, copy holes, copy groups)
    package init(script: Span<UInt8>, holes: Span<UInt8>, groups: Span<UInt8>) {
        self.script = script
        self.holes = holes
        self.groups = groups
    }

    package var holeCount: Int { holes.count / Self.holeByteCount }

    /// The hole at a place, in the order of the script.
    package func hole(at place: Int) -> TemplateHole {
        let start = place * Self.holeByteCount
        guard let form = KeyForm(rawValue: holes[start + 3]) else {
            preconditionFailure("unchecked hole")
        }
        return TemplateHole(
            offset: Int(holes.number(at: start, byteCount: 2)),
            key: Int(holes[start + 2]),
            form: form
        )
    }

    /// Whether a hole and the one before it stand as neighbours in a multi or multi_a do, sorted or
    /// not.
    package func isInMulti(_ place: Int) -> Bool {
        let (hole, previous) = (hole(at: place), hole(at: place - 1))
        return hole.form == previous.form && hole.form.byteCount > 20
            && hole.offset == previous.offset + Self.multiStride
    }

    package var groupCount: Int { groups.count / Self.groupByteCount }

    /// The holes of the group at a place: they take their keys in lexicographic order.
    package func group(at place: Int) -> Range<Int> {
        let start = place * Self.groupByteCount
        let first = Int(groups[start])
        return first..<first + Int(groups[start + 1])
    }
}

/// A place in a script where a key goes.
package struct TemplateHole: Equatable, Sendable {
    package let offset: Int
    /// The key's place among those of the wallet.
    package let key: Int
    package let form: KeyForm

    package init(offset: Int, key: Int, form: KeyForm) {
        self.offset = offset
        self.key = key
        self.form = form
    }
}

/// How a script names a key. The raw value is its number in a bundle.
package enum KeyForm: UInt8, Sendable {
    case compressed = 0
    case xOnly = 1
    /// HASH160 of the compressed key.
    case hash = 2
    /// HASH160 of the x-only key: `pk_h` in a tapscript.
    case xOnlyHash = 3

    /// Whether tapscripts use it, and no other scripts.
    package var isXOnly: Bool { self == .xOnly || self == .xOnlyHash }

    package var byteCount: Int {
        switch self {
        case .compressed: 33
        case .xOnly: 32
        case .hash, .xOnlyHash: 20
        }
    }
}
