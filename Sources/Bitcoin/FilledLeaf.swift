private import BitcoinCrypto
package import Bytes

/// A script with the keys of one address in its holes. It is never laid out: whoever hashes it is
/// fed piece by piece.
package struct FilledLeaf: ~Escapable {
    private let template: LeafTemplate
    private let keys: Span<UInt8>
    /// Which key stands in each hole, groups sorted.
    private var places = InlineArray<40, UInt8>(repeating: 0)

    /// `keys` are those of the wallet in its order, derived for the address, 33 bytes each.
    @_lifetime(copy template, copy keys)
    package init(_ template: LeafTemplate, keys: Span<UInt8>) {
        self.template = template
        self.keys = keys
        for hole in 0..<template.holeCount {
            places[hole] = UInt8(template.hole(at: hole).key)
        }
        for group in 0..<template.groupCount {
            sort(template.group(at: group))
        }
    }

    package var holeCount: Int { template.holeCount }

    /// The place among the wallet's keys of the one that stands in a hole.
    package func key(inHole hole: Int) -> Int { Int(places[hole]) }

    /// The hash that a control block proves: BIP-341's of a tapscript.
    package func tapLeafHash(version: UInt8) -> Bytes32 {
        var hasher = TaggedHash("TapLeaf")
        hasher.update(version)
        feedVector(to: &hasher)
        return hasher.finalize()
    }

    package var sha256: Bytes32 {
        var hasher = SHA256()
        feed(to: &hasher)
        return hasher.finalize()
    }

    /// Feeds the length and the script.
    func feedVector(to hasher: inout some FieldHash) {
        hasher.updateCompactSize(UInt64(template.script.count))
        feed(to: &hasher)
    }

    private func feed(to hasher: inout some FieldHash) {
        var end = 0
        for place in 0..<holeCount {
            let hole = template.hole(at: place)
            hasher.update(template.script.extracting(end..<hole.offset))
            end = hole.offset + hole.form.byteCount
            let key = bytes(of: Int(places[place]))
            switch hole.form {
            case .compressed: hasher.update(key)
            case .xOnly: hasher.update(key.extracting(1...))
            case .hash: hasher.update(hash160(key))
            case .xOnlyHash: hasher.update(hash160(key.extracting(1...)))
            }
        }
        hasher.update(template.script.extracting(end...))
    }

    @_lifetime(copy self)
    private func bytes(of key: Int) -> Span<UInt8> {
        keys.extracting(33 * key..<33 * key + 33)
    }

    /// Insertion sort of the keys of a group by the bytes that the script has of them (BIP-67).
    private mutating func sort(_ group: Range<Int>) {
        let skipped = template.hole(at: group.lowerBound).form == .xOnly ? 1 : 0
        for end in group.dropFirst() {
            var place = end
            while place > group.lowerBound {
                let (low, high) = (places[place - 1], places[place])
                let right = bytes(of: Int(high)).extracting(skipped...)
                guard right.precedes(bytes(of: Int(low)).extracting(skipped...)) else { break }
                places[place - 1] = high
                places[place] = low
                place -= 1
            }
        }
    }
}
