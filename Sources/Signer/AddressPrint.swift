import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Wire

/// A number that all addresses have in common that could be one: what it is made of, whatever its
/// order.
enum AddressPrint {
    static let byteCount = 8

    /// Of the address whose keys were derived last.
    static func of(
        _ kind: OutputKind,
        _ record: WalletRecord,
        _ keys: borrowing PublicKeys
    ) -> UInt64 {
        var sum = UInt64(kind.rawValue)
        if kind.isOfOneKey || kind == .p2trTree { sum &+= keys.number(0) }
        var leaves = record.leaves
        // The branches of a tree are sorted by their hashes.
        while let leaf = leaves.next() {
            sum &+= of(leaf.template, keys)
        }
        return sum
    }

    private static func of(_ template: LeafTemplate, _ keys: borrowing PublicKeys) -> UInt64 {
        var (sum, run): (UInt64, Int) = (0, 0)
        for place in 0..<template.holeCount {
            let hole = template.hole(at: place)
            // Neighbours may change places: in a group they do, and there is no other group.
            if place == 0 || !template.isInMulti(place) { run = hole.offset }
            sum &+= keys.number(hole.key) &* UInt64(2 * run + 1)
        }
        var number = FixedBytes<8>.zero
        var room = number.mutableSpan
        room.store(sum, at: 0, byteCount: 8)
        var hasher = SHA256()
        hasher.update(template.script)
        hasher.update(number)
        let hash = hasher.finalize()
        return hash.span.number(at: 0, byteCount: 8)
    }
}

extension WalletTable {
    /// The first wallet that shares an address with an earlier one, or two of whose branches share
    /// theirs, or in which one key stands for two.
    ///
    /// Keys that derive from one node are the same at every index or at none, so the first address
    /// of each branch shows it. What is another key at each index and the same as a constant one at
    /// some index is refused there (`PublicKeys.child`).
    mutating func firstAmbiguous(
        _ policy: borrowing BundleFile,
        _ curve: borrowing Curve
    ) -> Int? {
        var printCount = 0
        for number in 0..<count {
            let (wallet, record) = (wallets[number], policy.bundle.wallet(at: number))
            for branch in 0..<wallet.branchCount {
                let claim = OwnerClaim(wallet: 0, branch: UInt8(branch), index: 0)
                do throws(CryptoError) {
                    try keys.derive(claim, wallet, record, curve)
                } catch {
                    return number
                }
                // One key at two places of a script would sign for two.
                guard keys.areDistinct(in: wallet) else { return number }
                let print = AddressPrint.of(wallet.kind, record, keys)
                for earlier in 0..<printCount
                where prints.number(at: 8 * earlier, byteCount: 8) == print {
                    return number
                }
                prints.store(print, at: 8 * printCount, byteCount: 8)
                printCount += 1
            }
        }
        return nil
    }
}
