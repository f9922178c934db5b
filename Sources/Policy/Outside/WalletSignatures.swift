private import Bitcoin

extension WalletRecord {
    /// The most signatures of ours that one input of the wallet can take, at least 1.
    package var signaturesPerInputMax: Int {
        var most = 1
        var leaves = leaves
        while let leaf = leaves.next() {
            var count = 0
            for hole in 0..<leaf.template.holeCount
            where key(at: leaf.template.hole(at: hole).key).kind == .own {
                count += 1
            }
            most = max(most, count)
        }
        return most
    }
}
