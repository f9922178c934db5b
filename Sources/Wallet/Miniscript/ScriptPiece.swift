private import BitcoinCrypto

/// A part of a script, with the places of its keys.
package struct ScriptPiece: Equatable, Sendable {
    /// What stands in a script for a key.
    package enum Form: Equatable, Sendable {
        /// Its bytes: 33 or 65, in a leaf of taproot the x coordinate.
        case key
        /// The HASH160 of those.
        case hash
    }

    package struct Hole: Equatable, Sendable {
        /// Where the bytes begin, behind the opcode that pushes them.
        package fileprivate(set) var offset: Int
        package let byteCount: Int
        /// The number of the key in the owner's list.
        package let key: Int
        package let form: Form
    }

    struct Key {
        let number: Int
        let bytes: [UInt8]
        let isBlank: Bool
    }

    package private(set) var bytes: [UInt8] = []
    /// In the order of the script.
    package private(set) var holes: [Hole] = []
    /// Ranges of holes whose keys stand in the order of their bytes: `sortedmulti`.
    package private(set) var sorted: [Range<Int>] = []

    static func += (left: inout ScriptPiece, right: ScriptPiece) {
        let (offset, count) = (left.bytes.count, left.holes.count)
        left.bytes += right.bytes
        for hole in right.holes {
            var moved = hole
            moved.offset += offset
            left.holes.append(moved)
        }
        left.sorted += right.sorted.map { $0.lowerBound + count..<$0.upperBound + count }
    }

    mutating func append(_ opcode: Opcode) {
        bytes.append(opcode)
    }

    mutating func append(push data: [UInt8]) {
        bytes.append(push: data)
    }

    mutating func append(pushNumber number: UInt32) {
        bytes.append(pushNumber: number)
    }

    /// Pushes of keys; behind the first of them the first opcode of `after`, behind the others the
    /// last.
    mutating func append(_ keys: [Key], isSorted: Bool, after opcodes: [Opcode] = []) {
        if isSorted, keys.count > 1 { sorted.append(holes.count..<holes.count + keys.count) }
        for (place, key) in keys.enumerated() {
            append(key.bytes, of: key, .key)
            if let opcode = place == 0 ? opcodes.first : opcodes.last { bytes.append(opcode) }
        }
    }

    mutating func append(hashOf key: Key) {
        let hash = key.isBlank ? Array(repeating: 0, count: 20) : hash160(key.bytes.span).array
        append(hash, of: key, .hash)
    }

    private mutating func append(_ data: [UInt8], of key: Key, _ form: Form) {
        bytes.append(push: data)
        let offset = bytes.count - data.count
        holes.append(Hole(offset: offset, byteCount: data.count, key: key.number, form: form))
    }
}
