private import Bitcoin

/// How much work it is to find an address. The signer does none for a request that would take more
/// than `requestWorkMax`, and the gate lets those who ask for much wait for those who ask for
/// little.
///
/// The unit is the hashing of 1,000 bytes: about 3 microseconds.
extension WalletRecord {
    /// What one request may take: two seconds.
    package static let requestWorkMax = 600_000

    /// To derive a key, or to multiply a point.
    private static let curveWork = 12

    /// What the keys and scripts of one address take.
    package var addressWork: Int {
        var curveCount = outputKind == .p2tr || outputKind == .p2trTree ? 1 : 0
        for place in 0..<keyCount {
            let key = key(at: place)
            if key.takesIndex {
                curveCount += 1
            } else if key.kind == .aggregate {
                curveCount += key.participants.count
            }
        }
        var work = Self.curveWork * curveCount
        var leaves = leaves
        // A script is hashed for the address, and again where it is spent.
        while let leaf = leaves.next() {
            let template = leaf.template
            work += 2 * (template.script.count / 1_000 + template.holeCount)
        }
        return work
    }
}
