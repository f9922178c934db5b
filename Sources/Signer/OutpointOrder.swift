import Bytes
import SecretMemory
import Wire

/// The inputs of one request in the order of their outpoints, so that a repeat stands next to its
/// twin and the inputs that spend one parent stand together. O(n log n), in place.
struct OutpointOrder: ~Copyable {
    /// `u16` places of the request, sorted.
    private var places: Arena
    private(set) var count = 0

    init() throws(SignerStop) {
        places = try Arena(needing: 2 * ResolvedRequest.inputCountMax)
    }

    /// The place in the request of the input that is the `rank`-th.
    func place(_ rank: Int) -> Int {
        Int(places.number(at: 2 * rank, byteCount: 2))
    }

    /// Sorts the inputs of `request`; two that spend the same coin are refused.
    mutating func load(_ request: borrowing ResolvedRequest) throws(RefusalDetail) {
        count = request.inputCount
        for place in 0..<count {
            set(place, to: place)
        }
        sort(request)
        for rank in 1..<max(count, 1)
        where !precedes(request, place(rank - 1), place(rank)) {
            throw RefusalDetail(
                .duplicateInput,
                index: max(place(rank - 1), place(rank)),
                found: min(place(rank - 1), place(rank))
            )
        }
    }

    /// The ranks of the inputs that spend an output of `txid`; empty if none does.
    func ranks(of txid: Bytes32, _ request: borrowing ResolvedRequest) -> Range<Int> {
        let start = firstRank { !request.input(at: $0).txid.precedes(txid) }
        var end = start
        while end < count, request.input(at: place(end)).txid == txid {
            end += 1
        }
        return start..<end
    }

    /// The first rank whose input satisfies a condition that stays true from there on.
    private func firstRank(_ condition: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if condition(place(middle)) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func precedes(_ request: borrowing ResolvedRequest, _ one: Int, _ other: Int) -> Bool {
        let (left, right) = (request.input(at: one), request.input(at: other))
        return LeafOutpoint(txid: left.txid, vout: left.vout)
            .precedes(LeafOutpoint(txid: right.txid, vout: right.vout))
    }

    private mutating func set(_ rank: Int, to place: Int) {
        places.store(UInt64(place), at: 2 * rank, byteCount: 2)
    }

    /// Heapsort: no worst case above n log n, whatever order a stranger chose.
    private mutating func sort(_ request: borrowing ResolvedRequest) {
        for root in stride(from: count / 2 - 1, through: 0, by: -1) {
            sink(root, end: count, request)
        }
        for end in stride(from: count - 1, to: 0, by: -1) {
            let (first, last) = (place(0), place(end))
            set(0, to: last)
            set(end, to: first)
            sink(0, end: end, request)
        }
    }

    private mutating func sink(_ start: Int, end: Int, _ request: borrowing ResolvedRequest) {
        var root = start
        while 2 * root + 1 < end {
            var child = 2 * root + 1
            if child + 1 < end, precedes(request, place(child), place(child + 1)) { child += 1 }
            let (upper, lower) = (place(root), place(child))
            guard precedes(request, upper, lower) else { return }
            set(root, to: lower)
            set(child, to: upper)
            root = child
        }
    }
}
