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

    /// A script of random pieces between holes for random ones of `keyCount` keys.
    package static func random(
        keyCount: Int,
        holeCount: Int,
        isTapscript: Bool,
        _ below: (Int) -> Int
    ) -> NaiveLeaf {
        var leaf = NaiveLeaf(script: [], holes: [], groups: [])
        for _ in 0..<holeCount {
            leaf.script += (0..<below(4)).map { _ in UInt8(below(256)) }
            let form = UInt8(2 * below(2) + (isTapscript ? 1 : 0))
            leaf.holes.append(Hole(offset: leaf.script.count, key: below(keyCount), form: form))
            leaf.script += [UInt8](repeating: 0, count: [33, 32, 20, 20][Int(form)])
        }
        leaf.script += (0...below(9)).map { _ in UInt8(below(256)) }
        var start = 0
        while start < holeCount {
            let form = leaf.holes[start].form
            let run = leaf.holes[start...].prefix { $0.form == form }.count
            let count = 1 + below(run)
            if count >= 2, form < 2 { leaf.groups.append(start..<start + count) }
            start += count
        }
        return leaf
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
