/// A script with holes, filled by laying it out: what the heap-free filler is held against.
package struct NaiveLeaf: Sendable {
    package struct Hole: Sendable {
        package var offset: Int
        package var key: Int
        /// 0 compressed, 1 x-only, 2 hash of the compressed key, 3 hash of the x-only key.
        package var form: UInt8

        package init(offset: Int, key: Int, form: UInt8) {
            self.offset = offset
            self.key = key
            self.form = form
        }
    }

    package var script: [UInt8]
    package var holes: [Hole]
    package var groups: [Range<Int>]

    package init(script: [UInt8], holes: [Hole], groups: [Range<Int>]) {
        self.script = script
        self.holes = holes
        self.groups = groups
    }

    /// `OP_n <key>… OP_m OP_CHECKMULTISIG` with its keys in order (BIP-67).
    package static func sortedMultisig(required: Int, of count: Int) -> NaiveLeaf {
        var leaf = NaiveLeaf(script: [0x50 + UInt8(required)], holes: [], groups: [0..<count])
        for key in 0..<count {
            leaf.script += [33] + [UInt8](repeating: 0, count: 33)
            leaf.holes.append(Hole(offset: 2 + 34 * key, key: key, form: 0))
        }
        leaf.script += [0x50 + UInt8(count), 0xae]
        return leaf
    }

    /// The holes as a bundle has them.
    package var holeBytes: [UInt8] {
        holes.flatMap {
            [UInt8($0.offset & 0xff), UInt8($0.offset >> 8), UInt8($0.key), $0.form]
        }
    }

    /// The groups as a bundle has them.
    package var groupBytes: [UInt8] {
        groups.flatMap { [UInt8($0.lowerBound), UInt8($0.count)] }
    }

    /// The keys' places in the order in which they stand in the script.
    package func order(_ keys: [[UInt8]]) -> [Int] {
        var order = holes.map(\.key)
        for group in groups {
            let skipped = holes[group.lowerBound].form == 1 ? 1 : 0
            order[group].sort { left, right in
                keys[left].dropFirst(skipped).lexicographicallyPrecedes(
                    keys[right].dropFirst(skipped)
                )
            }
        }
        return order
    }

    /// The script with keys of 33 bytes in its holes.
    package func filled(_ keys: [[UInt8]], hash160: ([UInt8]) -> [UInt8]) -> [UInt8] {
        var filled = script
        for (hole, key) in zip(holes, order(keys)) {
            let xOnly = Array(keys[key].dropFirst())
            let bytes =
                switch hole.form {
                case 0: keys[key]
                case 1: xOnly
                case 2: hash160(keys[key])
                default: hash160(xOnly)
                }
            filled.replaceSubrange(hole.offset..<hole.offset + bytes.count, with: bytes)
        }
        return filled
    }

    /// A script of random pieces between holes for random ones of `keyCount` keys: opcodes,
    /// numbers and hash locks, as far as a bundle may have them.
    package static func random(
        keyCount: Int,
        holeCount: Int,
        isTapscript: Bool,
        _ below: (Int) -> Int
    ) -> NaiveLeaf {
        var leaf = NaiveLeaf(script: [], holes: [], groups: [])
        // So that what has room in a redeem script stays there.
        var spare = 90 + 20 * max(0, holeCount - 12)
        func add(_ count: Int) {
            for _ in 0..<count {
                let piece = piece(below)
                guard piece.count <= spare else { return }
                leaf.script += piece
                spare -= piece.count
            }
        }
        for place in 0..<holeCount {
            var form = UInt8(2 * below(2) + (isTapscript ? 1 : 0))
            if place > 0, below(2) == 0, leaf.holes[place - 1].form < 2 {
                // As in a multi.
                form = leaf.holes[place - 1].form
                leaf.script += form == 1 ? [0xba] : []
            } else {
                add(below(4))
            }
            let count = [33, 32, 20, 20][Int(form)]
            leaf.script.append(UInt8(count))
            leaf.holes.append(Hole(offset: leaf.script.count, key: below(keyCount), form: form))
            leaf.script += [UInt8](repeating: 0, count: count)
        }
        leaf.script.append(0xac)
        add(below(9))
        var start = 0
        while start < holeCount {
            let count = 1 + below(min(leaf.neighbours(from: start), 32))
            if count >= 2 { leaf.groups.append(start..<start + count) }
            start += count
        }
        return leaf
    }

    /// How many holes from one on stand as in a multi.
    private func neighbours(from start: Int) -> Int {
        guard holes[start].form < 2 else { return 1 }
        return zip(holes[start...], start...).prefix { hole, place in
            hole.form == holes[start].form
                && hole.offset == holes[start].offset + 34 * (place - start)
        }.count
    }

    /// A piece of a script without keys.
    private static func piece(_ below: (Int) -> Int) -> [UInt8] {
        func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(below(256)) } }
        switch below(6) {
        case 0: return [0]
        case 1:
            let count = 1 + below(4)
            return [UInt8(count)] + random(count)
        case 2:
            let (opcode, count) = [(0xa6, 20), (0xa8, 32), (0xa9, 20), (0xaa, 32)][below(4)]
            let lock: [UInt8] = [0x82, 1, 32, 0x88, UInt8(opcode), UInt8(count)]
            return lock + random(count) + [UInt8(0x87 + below(2))]
        default: return [UInt8(0x4f + below(256 - 0x4f))]
        }
    }
}

/// The root of a script tree by its definition, from leaf hashes and depths in the order of a walk.
package func naiveTapRoot(
    _ leaves: [(hash: [UInt8], depth: Int)],
    branch: ([UInt8], [UInt8]) -> [UInt8]
) -> [UInt8] {
    var rest = leaves[...]
    func subtree(_ depth: Int) -> [UInt8] {
        if let first = rest.first, first.depth == depth {
            rest.removeFirst()
            return first.hash
        }
        let (left, right) = (subtree(depth + 1), subtree(depth + 1))
        return left.lexicographicallyPrecedes(right) ? branch(left, right) : branch(right, left)
    }
    return subtree(0)
}
