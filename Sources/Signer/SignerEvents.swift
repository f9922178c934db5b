import Bytes
import Transparency
import Wire

/// What the signer itself did and wants to see in the log before it releases anything: an unlock,
/// and the statement that came with it, which takes effect when its leaf stands in the tree.
struct SignerEvents: Sendable {
    private var hashes = InlineArray<2, Bytes32>(repeating: .zero)
    private let count: Int
    private var shown = InlineArray<2, Bool>(repeating: false)
    private let effect: OperatorEffect

    /// Waits for these leaves, the first of which is about `effect`.
    init(_ leaves: borrowing EventLeaves, _ effect: OperatorEffect) {
        self.effect = effect
        count = leaves.count
        for place in 0..<leaves.count {
            hashes[place] = Merkle.leafHash(leaves.leaf(at: place))
        }
    }

    /// Whether any of them was not seen in the tree yet.
    var isPending: Bool { pendingCount > 0 }

    /// Whether a recovery is still to take effect: until then the log it begins is not the
    /// record's.
    var isRecoveryPending: Bool { effect == .recover && !shown[0] }

    private var pendingCount: Int {
        var sum = 0
        for place in 0..<count where !shown[place] {
            sum += 1
        }
        return sum
    }

    /// The hash that must come first in a log that begins with a recovery.
    var firstHash: Bytes32 { hashes[0] }

    /// Notes which events are among leaves that were appended, and lets them take effect on the
    /// record.
    mutating func note(_ leafHashes: Span<UInt8>, head: LogHead, _ record: inout StateRecord) {
        for place in 0..<leafHashes.count / 32 {
            let hash = LogHead.hash(place, leafHashes)
            for event in 0..<count where !shown[event] && hashes[event] == hash {
                shown[event] = true
                guard event == 0 else { continue }
                switch effect {
                case .none: break
                case .refill(let newTotal): record.allowanceTotal = newTotal
                case .recover: record.logNumber = head.number
                }
            }
        }
    }

    /// Writes `u16 count | vec16 leaf*`: those that were not seen in the tree yet.
    func write(
        _ leaves: borrowing EventLeaves,
        to writer: inout ByteWriter
    ) throws(ByteError) {
        try writer.writeUInt16(UInt16(pendingCount))
        for place in 0..<count where !shown[place] {
            try writer.writeVec16(leaves.leaf(at: place))
        }
    }
}
