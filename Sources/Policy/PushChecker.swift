import Bitcoin
private import Bytes

/// Where keys stand in a script, and that they stand nowhere else: so whoever compares the keys of
/// two wallets compares all there are, and where two scripts are the same, so are their holes.
extension BundleChecker {
    /// A number takes four bytes at most.
    private static let numberByteCountMax = 4

    /// Every longer push is a hole, whole, or the hash of a hash lock; none is spelled longer than
    /// it must be.
    func checkPushes(
        _ leaf: Int,
        _ template: LeafTemplate,
        _ item: Int
    ) throws(BundleError) {
        let script = template.script
        var (place, hole) = (0, 0)
        while place < script.count {
            let count = Int(script[place])
            place += 1
            // What is above OP_PUSHDATA4 pushes no bytes.
            guard count <= 0x4e else { continue }
            let error = BundleError.wrongPush(item: item, leaf: leaf, offset: place - 1)
            let end = place + count
            try require(count < 0x4c && end <= script.count, error)
            let isLock = Self.isHashLock(script, place, end)
            if hole < template.holeCount, template.hole(at: hole).offset == place {
                let isWhole = template.hole(at: hole).form.byteCount == count
                try require(isWhole && !isLock, error)
                hole += 1
            } else {
                try require(count <= Self.numberByteCountMax || isLock, error)
            }
            place = end
        }
        try require(hole == template.holeCount, .wrongHole(item: item, leaf: leaf, hole: hole))
    }

    /// `OP_SIZE 32 OP_EQUALVERIFY`, a hash function, its value, and `OP_EQUAL` or
    /// `OP_EQUALVERIFY`, which take the value off the stack again.
    private static func isHashLock(_ script: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard start >= 6, end < script.count,
            script.number(at: start - 6, byteCount: 4) == 0x8820_0182,
            script[end] == 0x87 || script[end] == 0x88
        else { return false }
        return switch script[start - 2] {
        case 0xa8, 0xaa: end - start == 32
        case 0xa6, 0xa9: end - start == 20
        case _: false
        }
    }
}
